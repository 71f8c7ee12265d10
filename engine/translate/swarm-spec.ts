import { make } from "../../proto/codec.ts";
import type { CaConfig, ClusterSpec, ExternalCa } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import { JsonObject } from "../json-object.ts";
import { driverJson, readDriver, some, type Json } from "./common.ts";
import { readSwarmLabels, swarmLabelsJson } from "./extensions.ts";

/** The cluster's only name. */
const CLUSTER_NAME = "default";

// Docker's defaults: what a zero or an absent field of a swarm spec means.
const TASK_HISTORY = 5;
const HEARTBEAT_PERIOD_NS = 5e9;
const NODE_CERT_EXPIRY_NS = 90 * 24 * 3600e9;
const RAFT = {
  snapshotInterval: 10_000,
  keepOldSnapshots: 0,
  logEntriesForSlowFollowers: 500,
  heartbeatTick: 1,
  electionTick: 10,
};

function externalCaJson(ca: ExternalCa): Json {
  return {
    Protocol: some(ca.protocol),
    URL: some(ca.url),
    Options: some(ca.options),
    CACert: ca.caCert,
  };
}

function readExternalCa(json: JsonObject): ExternalCa {
  const protocol = json.text("Protocol");
  if (protocol !== "" && protocol.toLowerCase() !== "cfssl")
    throw badRequest(`invalid protocol: "${protocol}"`);
  return make("ExternalCa", {
    protocol: "cfssl",
    url: json.text("URL"),
    options: json.map("Options"),
    caCert: json.text("CACert"),
  });
}

function caJson(ca: CaConfig | null): Json {
  return {
    NodeCertExpiry: some(ca?.nodeCertExpiryNs ?? 0),
    ExternalCAs: some((ca?.externalCas ?? []).map(externalCaJson)),
    SigningCACert: some(ca?.signingCaCert ?? ""),
    ForceRotate: some(ca?.forceRotate ?? 0),
  };
}

/** `Spec` of the swarm. The signing key is never part of it. */
export function swarmSpecJson(spec: ClusterSpec | null): Json {
  const raft = spec?.raft;
  const logDriver = driverJson(spec?.taskDefaults?.logDriver ?? null);
  return {
    Name: spec?.annotations?.name || CLUSTER_NAME,
    Labels: swarmLabelsJson(spec?.annotations?.labels ?? {}, {
      strategy: spec?.taskDefaults?.strategy ?? 0,
      rebalance: spec?.rebalance ?? null,
    }),
    Orchestration: { TaskHistoryRetentionLimit: spec?.orchestration?.taskHistoryRetentionLimit },
    Raft: {
      SnapshotInterval: some(raft?.snapshotInterval ?? 0),
      KeepOldSnapshots: raft?.keepOldSnapshots ?? 0,
      LogEntriesForSlowFollowers: some(raft?.logEntriesForSlowFollowers ?? 0),
      ElectionTick: raft?.electionTick ?? 0,
      HeartbeatTick: raft?.heartbeatTick ?? 0,
    },
    Dispatcher: { HeartbeatPeriod: some(spec?.dispatcher?.heartbeatPeriodNs ?? 0) },
    CAConfig: caJson(spec?.ca ?? null),
    TaskDefaults: { LogDriver: logDriver },
    EncryptionConfig: { AutoLockManagers: spec?.encryption?.autoLockManagers ?? false },
  };
}

function readRaft(json: JsonObject): ClusterSpec["raft"] {
  return make("RaftConfig", {
    snapshotInterval: json.unsigned("SnapshotInterval") || RAFT.snapshotInterval,
    keepOldSnapshots: json.unsigned("KeepOldSnapshots") || RAFT.keepOldSnapshots,
    logEntriesForSlowFollowers:
      json.unsigned("LogEntriesForSlowFollowers") || RAFT.logEntriesForSlowFollowers,
    heartbeatTick: json.unsigned("HeartbeatTick") || RAFT.heartbeatTick,
    electionTick: json.unsigned("ElectionTick") || RAFT.electionTick,
  });
}

function readCa(json: JsonObject): CaConfig {
  return make("CaConfig", {
    nodeCertExpiryNs: json.integer("NodeCertExpiry") || NODE_CERT_EXPIRY_NS,
    externalCas: json.list("ExternalCAs").map(readExternalCa),
    signingCaCert: json.text("SigningCACert"),
    signingCaKey: json.text("SigningCAKey"),
    forceRotate: json.unsigned("ForceRotate"),
  });
}

/**
 * Reads the swarm's spec; zero and absent fields become Docker's defaults, so the result is
 * complete. Throws 400 in Docker's words.
 */
export function readSwarmSpec(json: JsonObject): ClusterSpec {
  const part = (key: string): JsonObject => json.object(key) ?? new JsonObject({});
  const name = json.text("Name") || CLUSTER_NAME;
  if (name !== CLUSTER_NAME) throw badRequest(`swarm spec must be named "${CLUSTER_NAME}"`);
  const { own, extensions } = readSwarmLabels(json.map("Labels"));
  const { strategy, rebalance } = extensions;
  return make("ClusterSpec", {
    annotations: { name, labels: own },
    orchestration: {
      taskHistoryRetentionLimit:
        part("Orchestration").integerOf("TaskHistoryRetentionLimit") ?? TASK_HISTORY,
    },
    raft: readRaft(part("Raft")),
    dispatcher: {
      heartbeatPeriodNs: part("Dispatcher").integer("HeartbeatPeriod") || HEARTBEAT_PERIOD_NS,
    },
    ca: readCa(part("CAConfig")),
    taskDefaults: { logDriver: readDriver(part("TaskDefaults").object("LogDriver")), strategy },
    encryption: { autoLockManagers: part("EncryptionConfig").flag("AutoLockManagers") ?? false },
    rebalance,
  });
}
