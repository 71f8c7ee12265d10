import {
  MountType,
  NodeAvailability,
  VolumeAccessModeScope,
  VolumeAccessModeSharing,
  type Mount,
  type Task,
  type TaskSpec,
  type Volume,
  type VolumeAttachment,
} from "../../proto/generated.ts";
import type { VolumeUser } from "./cluster-facts.ts";
import type { NodeInfo } from "./node-info.ts";

const NONE: readonly Mount[] = [];

function mountsOf(spec: TaskSpec | null): readonly Mount[] {
  if (spec?.runtime === "container") return spec.container.mounts;
  return spec?.runtime === "process" ? spec.process.mounts : NONE;
}

/** The mounts of a task that want a cluster volume (CSI). */
export function clusterMounts({ spec }: Task): readonly Mount[] {
  const mounts = mountsOf(spec);
  if (mounts.length === 0) return NONE;
  return mounts.filter(({ type }) => type === MountType.CLUSTER);
}

/**
 * A volume for each of the task's cluster mounts, all of them usable on the node; undefined when
 * one gets none. No two mounts get the same volume.
 */
export function chooseVolumes(task: Task, info: NodeInfo): readonly VolumeAttachment[] | undefined {
  const chosen: VolumeAttachment[] = [];
  for (const mount of clusterMounts(task)) {
    const volume = firstUsable(mount, info, chosen);
    if (!volume) return undefined;
    chosen.push({ id: volume.id, source: mount.source, target: mount.target });
  }
  return chosen;
}

function firstUsable(
  { source, readOnly }: Mount,
  info: NodeInfo,
  chosen: readonly VolumeAttachment[],
): Volume | undefined {
  for (const volume of info.facts.volumes(source)) {
    if (chosen.some(({ id }) => id === volume.id)) continue;
    if (volumeRefusal(volume, readOnly, info, chosen) === "") return volume;
  }
  return undefined;
}

/**
 * Why a task that is not there yet cannot use `volume` on the node beside those that were `chosen` for
 * it already, in a few words; empty when it can.
 */
export function volumeRefusal(
  volume: Volume,
  readOnly: boolean,
  info: NodeInfo,
  chosen: readonly VolumeAttachment[] = [],
): string {
  const { spec, volumeInfo, pendingDelete, message } = volume;
  if (pendingDelete || spec?.availability !== NodeAvailability.ACTIVE) return "not active";
  if (!volumeInfo?.volumeId) return message ? `not created yet: ${message}` : "not created yet";
  const driver = spec.driver?.name ?? "";
  const csi = info.node.description?.csiInfo.find(({ pluginName }) => pluginName === driver);
  if (!csi) return `driver ${driver} is not on the node`;
  const places = volumeInfo.accessibleTopology;
  const isReachable = places.some(({ segments }) =>
    Object.entries(segments).every(([key, value]) => csi.accessibleTopology[key] === value),
  );
  if (places.length > 0 && !isReachable) return "not accessible from the node";
  const most = csi.maxVolumesPerNode;
  if (most > 0 && othersOf(volume, info, chosen) >= most)
    return `the node has the ${most} volumes of ${driver} that it may have`;
  return sharingRefusal(volume, readOnly, [...info.use.of(volume.id).values()], info.id);
}

/** How many other volumes of the driver the node has, or is to have. */
function othersOf(volume: Volume, info: NodeInfo, chosen: readonly VolumeAttachment[]): number {
  const { facts } = info;
  const driver = volume.spec?.driver?.name;
  const isOfDriver = (other: Volume | undefined): boolean => other?.spec?.driver?.name === driver;
  const held = new Set<string>();
  for (const other of facts.volumesOn(info.id)) if (isOfDriver(other)) held.add(other.id);
  for (const { volumes } of [...info.tasks, { volumes: chosen }])
    for (const { id } of volumes) if (isOfDriver(facts.volume(id))) held.add(id);
  held.delete(volume.id);
  return held.size;
}

function sharingRefusal(
  { spec }: Volume,
  readOnly: boolean,
  others: readonly VolumeUser[],
  nodeId: string,
): string {
  const { scope, sharing } = spec?.accessMode ?? { scope: 0, sharing: 0 };
  const isElsewhere = others.some((user) => user.nodeId !== nodeId);
  if (scope === VolumeAccessModeScope.SINGLE_NODE && isElsewhere) return "in use on another node";
  switch (sharing) {
    case VolumeAccessModeSharing.NONE:
      return others.length > 0 ? "in use" : "";
    case VolumeAccessModeSharing.READ_ONLY:
      return readOnly ? "" : "for reading only";
    case VolumeAccessModeSharing.ONE_WRITER:
      return !readOnly && others.some((user) => !user.readOnly) ? "in use by a writer" : "";
    case VolumeAccessModeSharing.ALL:
      return "";
  }
}
