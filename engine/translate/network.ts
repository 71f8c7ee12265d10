import { make } from "../../proto/codec.ts";
import type { IpamOptions, Network, NetworkSpec } from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";
import { driverJson, metaJson, some, timeText, type Json } from "./common.ts";

function ipamConfigsJson(ipam: IpamOptions | null): readonly Json[] {
  return (ipam?.configs ?? []).map(({ subnet, range, gateway }) => ({
    Subnet: some(subnet),
    IPRange: some(range),
    Gateway: some(gateway),
  }));
}

/** A cluster network as `GET /networks/{id}` prints it. */
export function networkJson(network: Network): Json {
  const { spec } = network;
  const ipam = network.ipam ?? spec?.ipam ?? null;
  const ipamDriver = ipam?.driver ?? null;
  const driver = network.driverState ?? spec?.driver ?? null;
  return {
    Name: spec?.annotations?.name ?? "",
    Id: network.id,
    Created: timeText(network.meta?.createdAtMs ?? 0),
    Scope: "swarm",
    Driver: driver?.name || "overlay",
    EnableIPv6: spec?.ipv6Enabled ?? false,
    IPAM: {
      Driver: ipamDriver?.name || "default",
      Options: some(ipamDriver?.options ?? {}) ?? null,
      Config: ipamConfigsJson(ipam),
    },
    Internal: spec?.internal ?? false,
    Attachable: spec?.attachable ?? false,
    Ingress: spec?.ingress ?? false,
    ConfigFrom: { Network: spec?.configFrom ?? "" },
    ConfigOnly: false,
    Containers: null,
    Options: some({ ...spec?.driver?.options, ...network.driverState?.options }) ?? null,
    Labels: spec?.annotations?.labels ?? {},
  };
}

/** A network as it stands inside a task's `NetworksAttachments`. */
export function attachedNetworkJson(network: Network): Json {
  const { spec, ipam } = network;
  return {
    ID: network.id,
    ...metaJson(network.meta),
    Spec: {
      Name: some(spec?.annotations?.name ?? ""),
      Labels: spec?.annotations?.labels ?? {},
      DriverConfiguration: driverJson(spec?.driver ?? null),
      IPv6Enabled: some(spec?.ipv6Enabled ?? false),
      Internal: some(spec?.internal ?? false),
      Attachable: some(spec?.attachable ?? false),
      Ingress: some(spec?.ingress ?? false),
      IPAMOptions: spec?.ipam ? ipamOptionsJson(spec.ipam) : undefined,
      Scope: "swarm",
    },
    DriverState: driverJson(network.driverState) ?? {},
    IPAMOptions: ipam ? ipamOptionsJson(ipam) : undefined,
  };
}

function ipamOptionsJson(ipam: IpamOptions): Json {
  return { Driver: driverJson(ipam.driver) ?? {}, Configs: some(ipamConfigsJson(ipam)) };
}

function readIpam(json: JsonObject | undefined): IpamOptions | null {
  if (!json) return null;
  const driver = json.text("Driver");
  return make("IpamOptions", {
    driver: driver ? { name: driver, options: json.map("Options") } : null,
    configs: json.list("Config").map((config) => ({
      subnet: config.text("Subnet"),
      range: config.text("IPRange"),
      gateway: config.text("Gateway"),
      reserved: config.map("AuxiliaryAddresses"),
    })),
  });
}

/** Reads the body of `POST /networks/create`. */
export function readNetworkSpec(json: JsonObject): NetworkSpec {
  return make("NetworkSpec", {
    annotations: { name: json.text("Name"), labels: json.map("Labels") },
    driver: { name: json.text("Driver"), options: json.map("Options") },
    ipv6Enabled: json.flag("EnableIPv6") ?? false,
    internal: json.flag("Internal") ?? false,
    attachable: json.flag("Attachable") ?? false,
    ingress: json.flag("Ingress") ?? false,
    ipam: readIpam(json.object("IPAM")),
    configFrom: json.object("ConfigFrom")?.text("Network") ?? "",
  });
}
