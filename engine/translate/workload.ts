import { make } from "../../proto/codec.ts";
import type {
  ContainerSpec,
  DnsConfig,
  HealthConfig,
  ProcessSpec,
  Ulimit,
} from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";
import { optional, some, type Json } from "./common.ts";
import { mountJson, readMount } from "./mounts.ts";
import {
  configReferenceJson,
  readConfigReference,
  readSecretReference,
  secretReferenceJson,
} from "./references.ts";

/** What containers and processes have in common, under Docker's names for a container's fields. */
export type Workload = Pick<
  ContainerSpec,
  keyof ContainerSpec & keyof Omit<ProcessSpec, "command" | "devices">
>;

function healthJson(health: HealthConfig | null): Json | undefined {
  if (!health) return undefined;
  return {
    Test: some(health.test),
    Interval: some(health.intervalNs),
    Timeout: some(health.timeoutNs),
    StartPeriod: some(health.startPeriodNs),
    StartInterval: some(health.startIntervalNs),
    Retries: some(health.retries),
  };
}

function readHealth(json: JsonObject | undefined): HealthConfig | null {
  if (!json) return null;
  return make("HealthConfig", {
    test: json.texts("Test"),
    intervalNs: json.integer("Interval"),
    timeoutNs: json.integer("Timeout"),
    startPeriodNs: json.integer("StartPeriod"),
    startIntervalNs: json.integer("StartInterval"),
    retries: json.integer("Retries"),
  });
}

function ulimitJson(ulimit: Ulimit): Json {
  return { Name: ulimit.name, Hard: ulimit.hard, Soft: ulimit.soft };
}

function readUlimit(json: JsonObject): Ulimit {
  return make("Ulimit", {
    name: json.text("Name"),
    hard: json.integer("Hard"),
    soft: json.integer("Soft"),
  });
}

function dnsJson(dns: DnsConfig | null): Json | undefined {
  if (!dns) return undefined;
  const { nameservers, search, options } = dns;
  return { Nameservers: some(nameservers), Search: some(search), Options: some(options) };
}

function readDns(json: JsonObject | undefined): DnsConfig | null {
  if (!json) return null;
  return {
    nameservers: json.texts("Nameservers"),
    search: json.texts("Search"),
    options: json.texts("Options"),
  };
}

/** The common fields as Docker prints them. */
export function workloadJson(workload: Workload): Json {
  return {
    Labels: some(workload.labels),
    Hostname: some(workload.hostname),
    Env: some(workload.env),
    Dir: some(workload.dir),
    User: some(workload.user),
    StopSignal: some(workload.stopSignal),
    Mounts: some(workload.mounts.map(mountJson)),
    StopGracePeriod: workload.stopGracePeriodNs?.value,
    Healthcheck: healthJson(workload.healthcheck),
    Secrets: some(workload.secrets.map(secretReferenceJson)),
    Configs: some(workload.configs.map(configReferenceJson)),
    Ulimits: some(workload.ulimits.map(ulimitJson)),
    Groups: some(workload.groups),
    ReadOnly: some(workload.readOnly),
    Sysctls: some(workload.sysctls),
    CapabilityAdd: some(workload.capabilityAdd),
    CapabilityDrop: some(workload.capabilityDrop),
    Hosts: some(workload.hosts),
    DNSConfig: dnsJson(workload.dnsConfig),
  };
}

/** Reads the common fields. */
export function readWorkload(json: JsonObject): Workload {
  return {
    labels: json.map("Labels"),
    hostname: json.text("Hostname"),
    env: json.texts("Env"),
    dir: json.text("Dir"),
    user: json.text("User"),
    stopSignal: json.text("StopSignal"),
    mounts: json.list("Mounts").map(readMount),
    stopGracePeriodNs: optional(json.integerOf("StopGracePeriod")),
    healthcheck: readHealth(json.object("Healthcheck")),
    secrets: json.list("Secrets").map(readSecretReference),
    configs: json.list("Configs").map(readConfigReference),
    ulimits: json.list("Ulimits").map(readUlimit),
    groups: json.texts("Groups"),
    readOnly: json.flag("ReadOnly") ?? false,
    sysctls: json.map("Sysctls"),
    capabilityAdd: json.texts("CapabilityAdd"),
    capabilityDrop: json.texts("CapabilityDrop"),
    hosts: json.texts("Hosts"),
    dnsConfig: readDns(json.object("DNSConfig")),
  };
}
