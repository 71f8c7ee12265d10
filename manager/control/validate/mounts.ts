import { MountType, type Mount } from "../../../proto/generated.ts";
import { checkEnum, duplicate, invalid } from "./check.ts";
import { checkTemplate } from "./template.ts";

const PROPAGATIONS = ["", "rprivate", "private", "rshared", "shared", "rslave", "slave"];

/** Checks mounts: types known, targets there and unique. Paths are the worker's to check. */
export function checkMounts(mounts: readonly Mount[]): void {
  for (const mount of mounts) {
    checkEnum(mount.type, MountType, "mount type");
    if (mount.target === "") throw invalid("ContainerSpec: a mount needs a target");
    if (mount.bind && !PROPAGATIONS.includes(mount.bind.propagation))
      throw invalid(`ContainerSpec: invalid mount propagation "${mount.bind.propagation}"`);
    checkTemplate(mount.source, "ContainerSpec: mount source");
    checkTemplate(mount.target, "ContainerSpec: mount target");
  }
  const clash = duplicate(mounts, (mount) => mount.target);
  if (clash) throw invalid(`ContainerSpec: duplicate mount point: ${clash[0].target}`);
}
