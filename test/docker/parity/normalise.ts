import type { WireReply } from "./http.ts";

/** Values that differ from engine to engine, by the name they have in both. */
export type Learned = Map<string, string>;

/** A reply with everything taken out that may differ between two engines. */
export interface Normal {
  readonly status: number;
  readonly body: unknown;
}

/** Fields whose values are the engine's own: only that they are there is compared. */
const OWN = new Set(
  [
    ["Index", "Addr", "UnlockKey", "Hostname", "Worker", "Manager", "TrustRoot", "Plugins"],
    ["CertIssuerSubject", "CertIssuerPublicKey", "ContainerID", "PID", "EngineVersion"],
    ["NanoCPUs", "MemoryBytes"],
  ].flat(),
);

/** Fields that API 1.41 does not have yet, and those that only a data plane fills. */
const LEFT_OUT = new Set(
  [
    ["Volumes", "NoNewPrivileges", "Consistency", "LogDriver"],
    ["VirtualIPs", "NetworksAttachments", "Peers", "Containers", "Config"],
    ["com.docker.network.driver.overlay.vxlanid_list"],
  ].flat(),
);

/** Shortest learned value that is looked for inside other texts. */
const REPLACED_CHARS_MIN = 6;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const ID = /\b(?=[a-z0-9]*\d)[a-z0-9]{25}\b/g;

function text(value: string, learned: Learned): string {
  let result = value;
  for (const [name, own] of learned)
    if (own.length >= REPLACED_CHARS_MIN) result = result.replaceAll(own, `{${name}}`);
  result = result.replace(TIME, (time) => (time.startsWith("0001") ? time : "<time>"));
  return result.replace(ID, "<id>");
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** What Skep's nodes say of the processes they can run. */
function isOurs(labels: unknown): boolean {
  const keys = Object.keys(labels ?? {});
  return keys.length > 0 && keys.every((key) => key.startsWith("skep."));
}

/** `value` with ids, times and the like replaced; lists in an order of their own. */
export function normal(value: unknown, learned: Learned): unknown {
  if (typeof value === "string") return text(value, learned);
  if (Array.isArray(value)) {
    const items = value.map((item) => normal(item, learned));
    const keyed = items.every((item) => typeof item === "object" && item !== null);
    return keyed ? items.toSorted((a, b) => key(a).localeCompare(key(b))) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    if (LEFT_OUT.has(name)) return [];
    if (name === "Options" && isEmpty(normal(item, learned))) return [];
    if (name === "Labels" && isOurs(item)) return [];
    if (name === "Labels" && item === null) return [[name, {}]];
    const isOwn = OWN.has(name) && (typeof item !== "object" || Array.isArray(item));
    return [[text(name, learned), isOwn ? "<own>" : normal(item, learned)]];
  });
  return Object.fromEntries(entries);
}

function key(item: unknown): string {
  return JSON.stringify(item);
}

/** Which fields there are, of the first item of lists. */
export function fields(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(fields);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fields(item)]));
}

/** The reply of either engine in a form that can be compared. */
export function normalise(reply: WireReply, learned: Learned): Normal {
  const isJson = (reply.headers["content-type"] ?? "").startsWith("application/json");
  const body: unknown = isJson && reply.text !== "" ? JSON.parse(reply.text) : reply.text;
  return { status: reply.status, body: normal(body, learned) };
}
