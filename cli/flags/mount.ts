import { parseBytes } from "../../lib/units.ts";
import type { Mount } from "../api/service-types.ts";
import { fieldFlag, needValue, parseFields, splitPair } from "./fields.ts";

type BindOptions = NonNullable<Mount["BindOptions"]>;
type VolumeOptions = NonNullable<Mount["VolumeOptions"]>;
type TmpfsOptions = NonNullable<Mount["TmpfsOptions"]>;

/** Adds one field to the mount read so far. */
type FieldReader = (mount: Mount, key: string, value: string | undefined) => Mount;

const text =
  (name: "Type" | "Source" | "Target" | "Consistency"): FieldReader =>
  (mount, key, value) => ({ ...mount, [name]: needValue(key, value) });

const bind = (mount: Mount, options: BindOptions): Mount => ({
  ...mount,
  BindOptions: { ...mount.BindOptions, ...options },
});

const volume = (mount: Mount, options: VolumeOptions): Mount => ({
  ...mount,
  VolumeOptions: { ...mount.VolumeOptions, ...options },
});

const tmpfs = (mount: Mount, options: TmpfsOptions): Mount => ({
  ...mount,
  TmpfsOptions: { ...mount.TmpfsOptions, ...options },
});

const readOnly: FieldReader = (mount, key, value) =>
  fieldFlag(key, value) ? { ...mount, ReadOnly: true } : mount;

const FIELDS: Readonly<Record<string, FieldReader>> = {
  type: (mount, key, value) => ({ ...mount, Type: needValue(key, value).toLowerCase() }),
  source: text("Source"),
  src: text("Source"),
  target: text("Target"),
  dst: text("Target"),
  destination: text("Target"),
  consistency: text("Consistency"),
  readonly: readOnly,
  ro: readOnly,
  "bind-propagation": (mount, key, value) => bind(mount, { Propagation: needValue(key, value) }),
  "bind-nonrecursive": (mount, key, value) => bind(mount, { NonRecursive: fieldFlag(key, value) }),
  "volume-nocopy": (mount, key, value) => volume(mount, { NoCopy: fieldFlag(key, value) }),
  "volume-subpath": (mount, key, value) => volume(mount, { Subpath: needValue(key, value) }),
  "volume-label": (mount, key, value) => {
    const [name, label] = splitPair(needValue(key, value));
    return volume(mount, { Labels: { ...mount.VolumeOptions?.Labels, [name]: label } });
  },
  "volume-driver": (mount, key, value) =>
    volume(mount, {
      DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Name: needValue(key, value) },
    }),
  "volume-opt": (mount, key, value) => {
    const [name, option] = splitPair(needValue(key, value));
    const driver = mount.VolumeOptions?.DriverConfig;
    return volume(mount, {
      DriverConfig: { ...driver, Options: { ...driver?.Options, [name]: option } },
    });
  },
  "tmpfs-size": (mount, key, value) =>
    tmpfs(mount, { SizeBytes: parseBytes(needValue(key, value)) }),
  "tmpfs-mode": (mount, key, value) => tmpfs(mount, { Mode: parseOctal(needValue(key, value)) }),
};

/** Parses `--mount type=…,source=…,target=…`. Type is volume when it is not given. */
export function parseMount(flag: string): Mount {
  let mount: Mount = { Type: "volume" };
  for (const [key, value] of parseFields(flag)) {
    const read = FIELDS[key];
    if (!read)
      throw new Error(
        `${value === undefined ? "invalid field" : "unexpected key"} '${key}' in '${flag}'`,
      );
    mount = read(mount, key, value);
  }
  return checkMount(mount);
}

function checkMount(mount: Mount): Mount {
  if (!mount.Target) throw new Error("target is required");
  const foreign = (
    [
      ["BindOptions", "bind"],
      ["VolumeOptions", "volume"],
      ["TmpfsOptions", "tmpfs"],
    ] as const
  ).find(([field, type]) => mount[field] !== undefined && mount.Type !== type);
  if (foreign)
    throw new Error(`cannot mix '${foreign[1]}-*' options with mount type '${mount.Type}'`);
  return mount;
}

/** File mode in octal digits. */
export function parseOctal(text: string): number {
  if (!/^[0-7]{1,5}$/.test(text)) throw new Error(`invalid mode ${text}: use octal, like 0444`);
  return Number.parseInt(text, 8);
}
