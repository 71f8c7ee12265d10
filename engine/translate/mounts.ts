import { make } from "../../proto/codec.ts";
import {
  MountType,
  type Mount,
  type MountBindOptions,
  type MountTmpfsOptions,
  type MountVolumeOptions,
} from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { driverJson, readDriver, some, type Json } from "./common.ts";
import { Names } from "./names.ts";

const TYPES = new Names<MountType>("MountType", {
  bind: MountType.BIND,
  volume: MountType.VOLUME,
  tmpfs: MountType.TMPFS,
  npipe: MountType.NPIPE,
  cluster: MountType.CLUSTER,
});
const CONSISTENCIES = new Set(["", "default", "consistent", "cached", "delegated"]);
const PROPAGATIONS = new Set(["", "rprivate", "private", "rshared", "shared", "rslave", "slave"]);

function bindJson(bind: MountBindOptions): Json {
  return {
    Propagation: some(bind.propagation),
    NonRecursive: some(bind.nonRecursive),
    CreateMountpoint: some(bind.createMountpoint),
    ReadOnlyNonRecursive: some(bind.readOnlyNonRecursive),
    ReadOnlyForceRecursive: some(bind.readOnlyForceRecursive),
  };
}

function volumeJson(volume: MountVolumeOptions): Json {
  return {
    NoCopy: some(volume.noCopy),
    Labels: some(volume.labels),
    Subpath: some(volume.subpath),
    DriverConfig: driverJson(volume.driver),
  };
}

function tmpfsJson(tmpfs: MountTmpfsOptions): Json {
  return {
    SizeBytes: some(tmpfs.sizeBytes),
    Mode: some(tmpfs.mode),
    Options: some(tmpfs.options.map((option) => option.words)),
  };
}

/** One entry of `Mounts`. */
export function mountJson(mount: Mount): Json {
  return {
    Type: TYPES.word(mount.type),
    Source: some(mount.source),
    Target: some(mount.target),
    ReadOnly: some(mount.readOnly),
    Consistency: some(mount.consistency),
    BindOptions: mount.bind ? bindJson(mount.bind) : undefined,
    VolumeOptions: mount.volume ? volumeJson(mount.volume) : undefined,
    TmpfsOptions: mount.tmpfs ? tmpfsJson(mount.tmpfs) : undefined,
  };
}

function readBind(json: JsonObject | undefined): MountBindOptions | null {
  if (!json) return null;
  const propagation = json.text("Propagation");
  if (!PROPAGATIONS.has(propagation))
    throw badRequest(`invalid MountPropagation: "${propagation}"`);
  return make("MountBindOptions", {
    propagation,
    nonRecursive: json.flag("NonRecursive") ?? false,
    createMountpoint: json.flag("CreateMountpoint") ?? false,
    readOnlyNonRecursive: json.flag("ReadOnlyNonRecursive") ?? false,
    readOnlyForceRecursive: json.flag("ReadOnlyForceRecursive") ?? false,
  });
}

function readVolume(json: JsonObject | undefined): MountVolumeOptions | null {
  if (!json) return null;
  return make("MountVolumeOptions", {
    noCopy: json.flag("NoCopy") ?? false,
    labels: json.map("Labels"),
    subpath: json.text("Subpath"),
    driver: readDriver(json.object("DriverConfig")),
  });
}

function readTmpfs(json: JsonObject | undefined): MountTmpfsOptions | null {
  if (!json) return null;
  return make("MountTmpfsOptions", {
    sizeBytes: json.integer("SizeBytes"),
    mode: json.unsigned("Mode"),
    options: json.lists("Options").map((words) => ({ words })),
  });
}

/** Reads one entry of `Mounts`. Throws 400 on an unknown type, propagation or consistency. */
export function readMount(json: JsonObject): Mount {
  const consistency = json.text("Consistency");
  if (!CONSISTENCIES.has(consistency))
    throw badRequest(`invalid MountConsistency: "${consistency}"`);
  return make("Mount", {
    type: TYPES.parse(json.text("Type"), MountType.BIND),
    source: json.text("Source"),
    target: json.text("Target"),
    readOnly: json.flag("ReadOnly") ?? false,
    consistency,
    bind: readBind(json.object("BindOptions")),
    volume: readVolume(json.object("VolumeOptions")),
    tmpfs: readTmpfs(json.object("TmpfsOptions")),
  });
}
