import { SwarmError } from "../../../lib/errors.ts";

/** What Docker leaves to a container's root user. */
const DEFAULTS: readonly string[] = [
  "audit_write",
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "mknod",
  "net_bind_service",
  "net_raw",
  "setfcap",
  "setgid",
  "setpcap",
  "setuid",
  "sys_chroot",
];

const ALL = "all";

function nameOf(capability: string): string {
  const name = capability.toLowerCase().replace(/^cap_/, "");
  if (/^[a-z_]+$/.test(name)) return name;
  throw new SwarmError("invalid", `"${capability}" is no capability`);
}

/**
 * The bounding set as setpriv wants it, `-all,+chown…`: Docker's default ones, without those of
 * `drop`, with those of `add`; `ALL` stands for every one. Names come with or without `CAP_`.
 */
export function boundingSet(add: readonly string[], drop: readonly string[]): string {
  const added = add.map(nameOf);
  const dropped = new Set(drop.map(nameOf));
  if (added.includes(ALL)) return ["+all", ...[...dropped].map((name) => `-${name}`)].join(",");
  const kept = dropped.has(ALL) ? [] : DEFAULTS.filter((name) => !dropped.has(name));
  const names = new Set([...kept, ...added]);
  return ["-all", ...[...names].map((name) => `+${name}`)].join(",");
}
