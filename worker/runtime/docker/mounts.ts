import { posix } from "node:path";
import type {
  MountConfig,
  MountConsistency,
  MountPropagation,
  MountSettings,
  MountType,
} from "dockerode";
import { MountType as Type, type Mount } from "../../../proto/generated.ts";
import { checkMount } from "../mount-check.ts";
import type { PlacedFile } from "../payload-dir.ts";
import { expand, type TemplateScope } from "../template.ts";

/** Where secrets and configs with a relative target go. */
const SECRETS_DIR = "/run/secrets";

const TYPES = {
  [Type.BIND]: "bind",
  [Type.VOLUME]: "volume",
  [Type.TMPFS]: "tmpfs",
  [Type.NPIPE]: "npipe",
  [Type.CLUSTER]: "cluster",
} as const satisfies Record<Type, string>;

function labelsOf(
  labels: Readonly<Record<string, string>>,
  scope: TemplateScope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key, expand(value, scope)]),
  );
}

/** The client's types lag behind the engine's. */
interface BindOptions {
  readonly Propagation: MountPropagation;
  readonly NonRecursive: boolean;
  readonly CreateMountpoint: boolean;
  readonly ReadOnlyNonRecursive: boolean;
  readonly ReadOnlyForceRecursive: boolean;
}

function toBindOptions(bind: NonNullable<Mount["bind"]>): BindOptions {
  return {
    Propagation: (bind.propagation || "rprivate") as MountPropagation,
    NonRecursive: bind.nonRecursive,
    CreateMountpoint: bind.createMountpoint,
    ReadOnlyNonRecursive: bind.readOnlyNonRecursive,
    ReadOnlyForceRecursive: bind.readOnlyForceRecursive,
  };
}

function toTmpfsOptions({ sizeBytes, mode, options }: NonNullable<Mount["tmpfs"]>) {
  const own = options.map(({ words }) => [...words]);
  return { SizeBytes: sizeBytes, Mode: mode, ...(own.length > 0 && { Options: own }) };
}

function toMount(mount: Mount, scope: TemplateScope): MountSettings {
  const { volume, tmpfs, bind } = mount;
  return {
    Type: TYPES[mount.type] as string as MountType,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    ...(mount.consistency !== "" && { Consistency: mount.consistency as MountConsistency }),
    ...(bind && {
      BindOptions: toBindOptions(bind),
    }),
    ...(volume && {
      VolumeOptions: {
        NoCopy: volume.noCopy,
        Labels: labelsOf(volume.labels, scope),
        DriverConfig: {
          Name: volume.driver?.name ?? "",
          Options: labelsOf(volume.driver?.options ?? {}, scope),
        },
        ...(volume.subpath !== "" && { Subpath: volume.subpath }),
      },
    }),
    ...(tmpfs && { TmpfsOptions: toTmpfsOptions(tmpfs) }),
  };
}

/**
 * The engine's mounts for a spec's mounts, templates in source and target expanded, and for the
 * files of secrets and configs, read-only. Throws `invalid` for what swarm mode refuses.
 */
export function toMounts(
  mounts: readonly Mount[],
  files: readonly PlacedFile[],
  scope: TemplateScope,
): MountConfig {
  const own = mounts.map((mount) => {
    const source = expand(mount.source, scope);
    const target = expand(mount.target, scope);
    const expanded = { ...mount, source, target };
    checkMount(expanded);
    return toMount(expanded, scope);
  });
  const given = files.map(({ file, path }): MountSettings => {
    const base = file.kind === "secret" ? SECRETS_DIR : "/";
    const Target = posix.resolve(base, file.target.name);
    return { Type: "bind", Source: path, Target, ReadOnly: true };
  });
  return [...own, ...given];
}

/** Paths on the host that must exist before the container is started. */
export function bindSources(mounts: MountConfig): readonly string[] {
  const made = ({ BindOptions: options }: MountSettings): boolean =>
    (options as BindOptions | undefined)?.CreateMountpoint === true;
  return mounts
    .filter((mount) => mount.Type === "bind" && !made(mount))
    .map(({ Source }) => Source);
}
