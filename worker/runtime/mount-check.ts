import { posix } from "node:path";
import { SwarmError } from "../../lib/errors.ts";
import { MountType, type Mount } from "../../proto/generated.ts";

/** What swarm mode says of a mount that cannot be. */
export function invalidMount(reason: string): SwarmError {
  return new SwarmError("invalid", `invalid mount: ${reason}`);
}

/** Throws `invalid` for a mount that swarm mode refuses; templates are expanded before. */
export function checkMount({ type, source, target }: Mount): void {
  if (target === "") throw invalidMount("it has no target");
  if (!posix.isAbsolute(target)) throw invalidMount(`target ${target} is not an absolute path`);
  const absolute = posix.isAbsolute(source);
  if (type === MountType.BIND && !absolute)
    throw invalidMount(`source of a bind must be an absolute path, not "${source}"`);
  if (type === MountType.VOLUME && absolute)
    throw invalidMount(`source of a volume must be its name, not the path ${source}`);
  if (type === MountType.TMPFS && source !== "") throw invalidMount("a tmpfs has no source");
}
