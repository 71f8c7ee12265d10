import { make } from "../../proto/codec.ts";
import {
  VolumeAccessModeScope,
  VolumeAccessModeSharing,
  VolumePublishStatusState,
  type Topology,
  type Volume,
  type VolumeAccessMode,
  type VolumeSpec,
} from "../../proto/generated.ts";
import { JsonObject } from "../json-object.ts";
import { metaJson, some, timeText, type Json } from "./common.ts";
import { Names } from "./names.ts";
import { AVAILABILITIES } from "./node.ts";

const SCOPES = new Names<VolumeAccessModeScope>("Scope", {
  single: VolumeAccessModeScope.SINGLE_NODE,
  multi: VolumeAccessModeScope.MULTI_NODE,
});
const SHARINGS = new Names<VolumeAccessModeSharing>("Sharing", {
  none: VolumeAccessModeSharing.NONE,
  readonly: VolumeAccessModeSharing.READ_ONLY,
  onewriter: VolumeAccessModeSharing.ONE_WRITER,
  all: VolumeAccessModeSharing.ALL,
});
const PUBLISH_STATES = new Names<VolumePublishStatusState>("State", {
  "pending-publish": VolumePublishStatusState.PENDING_PUBLISH,
  published: VolumePublishStatusState.PUBLISHED,
  "pending-node-unpublish": VolumePublishStatusState.PENDING_NODE_UNPUBLISH,
  "pending-controller-unpublish": VolumePublishStatusState.PENDING_UNPUBLISH,
});

function topologyJson({ segments }: Topology): Json {
  return { Segments: some(segments) };
}

function readTopology(json: JsonObject): Topology {
  return make("Topology", { segments: json.map("Segments") });
}

function accessModeJson(mode: VolumeAccessMode): Json {
  const mount = mode.accessType === "mount" ? mode.mount : undefined;
  return {
    Scope: SCOPES.word(mode.scope),
    Sharing: SHARINGS.word(mode.sharing),
    MountVolume: mount && { FsType: some(mount.fsType), MountFlags: some(mount.mountFlags) },
    BlockVolume: mode.accessType === "block" ? {} : undefined,
  };
}

function readAccessMode(json: JsonObject | undefined): VolumeAccessMode | null {
  if (!json) return null;
  const shared = {
    scope: SCOPES.parse(json.text("Scope"), VolumeAccessModeScope.SINGLE_NODE),
    sharing: SHARINGS.parse(json.text("Sharing"), VolumeAccessModeSharing.NONE),
  };
  const mount = json.object("MountVolume");
  if (mount) {
    const access = { fsType: mount.text("FsType"), mountFlags: mount.texts("MountFlags") };
    return make("VolumeAccessMode", { ...shared, accessType: "mount", mount: access });
  }
  if (!json.has("BlockVolume")) return make("VolumeAccessMode", shared);
  return make("VolumeAccessMode", { ...shared, accessType: "block", block: {} });
}

function specJson(spec: VolumeSpec): Json {
  const { accessibilityRequirements: where, capacityRange: range } = spec;
  return {
    Group: some(spec.group),
    AccessMode: spec.accessMode ? accessModeJson(spec.accessMode) : undefined,
    AccessibilityRequirements: where
      ? {
          Requisite: some(where.requisite.map(topologyJson)),
          Preferred: some(where.preferred.map(topologyJson)),
        }
      : undefined,
    CapacityRange: range
      ? { RequiredBytes: some(range.requiredBytes), LimitBytes: some(range.limitBytes) }
      : undefined,
    Secrets: some(spec.secrets.map(({ key, secret }) => ({ Key: key, Secret: secret }))),
    Availability: AVAILABILITIES.word(spec.availability),
  };
}

/** A cluster volume as `GET /volumes/{name}` prints it. */
export function volumeJson(volume: Volume): Json {
  const { spec, volumeInfo: info } = volume;
  return {
    ClusterVolume: {
      ID: volume.id,
      ...metaJson(volume.meta),
      Spec: spec ? specJson(spec) : {},
      PublishStatus: some(
        volume.publishStatus.map((status) => ({
          NodeID: some(status.nodeId),
          State: PUBLISH_STATES.word(status.state),
          PublishContext: some(status.publishContext),
        })),
      ),
      Info: info
        ? {
            CapacityBytes: some(info.capacityBytes),
            VolumeContext: some(info.volumeContext),
            VolumeID: some(info.volumeId),
            AccessibleTopology: some(info.accessibleTopology.map(topologyJson)),
          }
        : undefined,
    },
    CreatedAt: timeText(volume.meta?.createdAtMs ?? 0),
    Driver: spec?.driver?.name ?? "",
    Labels: spec?.annotations?.labels ?? {},
    Mountpoint: "",
    Name: spec?.annotations?.name ?? "",
    Options: spec?.driver?.options ?? {},
    Scope: "global",
    Status: volume.message === "" ? undefined : { Error: volume.message },
  };
}

/** Reads the changeable part of a cluster volume, its `ClusterVolumeSpec`. */
function readSpec(json: JsonObject, common: Pick<VolumeSpec, "annotations" | "driver">) {
  const where = json.object("AccessibilityRequirements");
  const range = json.object("CapacityRange");
  return make("VolumeSpec", {
    ...common,
    group: json.text("Group"),
    accessMode: readAccessMode(json.object("AccessMode")),
    secrets: json
      .list("Secrets")
      .map((secret) => ({ key: secret.text("Key"), secret: secret.text("Secret") })),
    accessibilityRequirements: where
      ? {
          requisite: where.list("Requisite").map(readTopology),
          preferred: where.list("Preferred").map(readTopology),
        }
      : null,
    capacityRange: range
      ? { requiredBytes: range.integer("RequiredBytes"), limitBytes: range.integer("LimitBytes") }
      : null,
    availability: AVAILABILITIES.parse(json.text("Availability"), 0),
  });
}

/** Reads the body of `POST /volumes/create` that asks for a cluster volume. */
export function readVolumeSpec(json: JsonObject): VolumeSpec {
  return readSpec(json.object("ClusterVolumeSpec") ?? new JsonObject({}), {
    annotations: make("Annotations", { name: json.text("Name"), labels: json.map("Labels") }),
    driver: make("Driver", { name: json.text("Driver"), options: json.map("DriverOpts") }),
  });
}

/** Reads the body of `PUT /volumes/{name}`; name, labels and driver stay those of `stored`. */
export function readVolumeUpdate(json: JsonObject, stored: VolumeSpec): VolumeSpec {
  return readSpec(json.object("Spec") ?? new JsonObject({}), stored);
}
