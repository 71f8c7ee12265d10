import { SwarmError } from "../../lib/errors.ts";
import { MountType, type Mount, type Task } from "../../proto/generated.ts";
import type { TaskFiles } from "./runtime.ts";

/**
 * A task's mounts with those of cluster volumes as binds of the places where the volumes are
 * published. Throws `unavailable` while one is not.
 */
export function placeClusterMounts(
  mounts: readonly Mount[],
  { volumes }: Task,
  files: TaskFiles,
): readonly Mount[] {
  return mounts.map((mount) => {
    if (mount.type !== MountType.CLUSTER) return mount;
    const given = volumes.find(
      ({ source, target }) => source === mount.source && target === mount.target,
    );
    if (!given)
      throw new SwarmError("failed-precondition", `no volume was given for ${mount.source}`);
    return { ...mount, type: MountType.BIND, source: files.volume(given.id), volume: null };
  });
}
