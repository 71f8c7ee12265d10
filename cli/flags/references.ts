import type {
  FileTarget,
  GenericResource,
  NetworkAttachment,
  Ulimit,
} from "../api/service-types.ts";
import { needValue, parseFields, splitPair } from "./fields.ts";
import { parseOctal } from "./mount.ts";

const DEFAULT_FILE_MODE = 0o444;

/** A secret or config by name, before the engine told its id. */
export interface FileReference {
  readonly source: string;
  readonly file: FileTarget;
}

/** Parses `--secret` and `--config`: a name, or `source=…,target=…,uid=…,gid=…,mode=…`. */
export function parseFileReference(text: string): FileReference {
  let source = "";
  let file: FileTarget = { Name: "", UID: "0", GID: "0", Mode: DEFAULT_FILE_MODE };
  if (!/[=,]/.test(text)) return { source: text, file: { ...file, Name: text } };
  for (const [key, given] of parseFields(text)) {
    const value = needValue(key, given);
    if (key === "source" || key === "src") source = value;
    else if (key === "target") file = { ...file, Name: value };
    else if (key === "uid") file = { ...file, UID: value };
    else if (key === "gid") file = { ...file, GID: value };
    else if (key === "mode") file = { ...file, Mode: parseOctal(value) };
    else throw new Error(`invalid field '${key}': use source, target, uid, gid, mode`);
  }
  if (source === "") throw new Error("source is required");
  return { source, file: { ...file, Name: file.Name || source } };
}

/** Parses `--network`: a name, or `name=…,alias=…,driver-opt=key=value`. */
export function parseNetwork(text: string): NetworkAttachment {
  if (!text.includes("=")) return { Target: text };
  let network: NetworkAttachment = {};
  for (const [key, given] of parseFields(text)) {
    const value = needValue(key, given);
    if (key === "name") network = { ...network, Target: value };
    else if (key === "alias")
      network = { ...network, Aliases: [...(network.Aliases ?? []), value] };
    else if (key === "driver-opt") {
      const [name, option] = splitPair(value);
      network = { ...network, DriverOpts: { ...network.DriverOpts, [name]: option } };
    } else throw new Error(`invalid field key ${key}: use name, alias, driver-opt`);
  }
  if (!network.Target) throw new Error("name is required");
  return network;
}

/** Parses `--ulimit name=soft[:hard]`. */
export function parseUlimit(text: string): Ulimit {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (!match?.[1]) throw new Error(`invalid ulimit argument: ${text}`);
  const Soft = Number(match[2]);
  const Hard = Number(match[3] ?? match[2]);
  if (Hard !== -1 && Soft > Hard)
    throw new Error(
      `ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`,
    );
  return { Name: match[1], Hard, Soft };
}

/** Parses `--generic-resource kind=count`. */
export function parseGenericResource(text: string): GenericResource {
  const [kind, value] = splitPair(text);
  if (kind === "" || !/^\d+$/.test(value))
    throw new Error(`invalid generic resource '${text}': use name=count`);
  return { DiscreteResourceSpec: { Kind: kind, Value: Number(value) } };
}

/** Parses `--placement-pref spread=…`. */
export function parsePlacementPreference(text: string): string {
  const [strategy, descriptor] = splitPair(text);
  if (strategy !== "spread" || descriptor === "")
    throw new Error("use spread=node.labels.NAME or another attribute of nodes");
  return descriptor;
}

/** Parses `--host name:address` into a line of /etc/hosts. */
export function parseHostMapping(text: string): string {
  const at = /[:=]/.exec(text)?.index ?? -1;
  if (at < 1 || at === text.length - 1)
    throw new Error(`bad format for a host: "${text}", use name:address`);
  return `${text.slice(at + 1)} ${text.slice(0, at)}`;
}

/** A Linux capability in full: `net_admin` → `CAP_NET_ADMIN`; `ALL` stays. */
export function parseCapability(text: string): string {
  const name = text.toUpperCase();
  return name === "ALL" || name === "RESET" || name.startsWith("CAP_") ? name : `CAP_${name}`;
}
