import { SwarmError } from "../../../lib/errors.ts";
import type { Ulimit } from "../../../proto/generated.ts";

/** Names that Docker and prlimit share. */
const NAMES = new Set(
  (
    "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime " +
    "sigpending stack"
  ).split(" "),
);

function bound(value: number): string {
  return value < 0 ? "unlimited" : String(value);
}

/** prlimit's options for the limits, `--nofile=1024:2048`. Throws `invalid` for an unknown name. */
export function ulimitOptions(ulimits: readonly Ulimit[]): readonly string[] {
  return ulimits.map(({ name, soft, hard }) => {
    if (!NAMES.has(name)) throw new SwarmError("invalid", `invalid ulimit type: ${name}`);
    return `--${name}=${bound(soft)}:${bound(hard)}`;
  });
}

/**
 * The nearest that one process can be held to without control groups: its own data, to the bytes;
 * asking for more fails. None for 0.
 */
export function memoryUlimit(memoryBytes: number): readonly string[] {
  return memoryBytes > 0 ? [`--data=${memoryBytes}:${memoryBytes}`] : [];
}
