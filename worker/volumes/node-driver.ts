import type { CsiNodeInfo, VolumeAssignment } from "../../proto/generated.ts";

/** What each call on a volume is told. */
export interface NodeVolumeRequest {
  readonly volume: VolumeAssignment;
  /**
   * Contents of the volume's secrets by the keys that its driver knows them by; none for what takes a
   * volume down.
   */
  readonly secrets: Readonly<Record<string, string>>;
  /** Where the driver stages the volume, once for the node. */
  readonly stagingPath: string;
  /** Where it publishes the volume for tasks. */
  readonly targetPath: string;
}

/**
 * The node's half of a CSI driver, in the words of the specification (CSI 1.x, Node Service). Each
 * call is idempotent: it may be made again after its answer was lost, and after a restart. Every
 * failure is tried again. A driver without STAGE_UNSTAGE_VOLUME does nothing in the two calls.
 */
export interface NodeDriver {
  /** NodeGetInfo: what the node is called by the driver, and where it is. */
  nodeGetInfo(signal: AbortSignal): Promise<CsiNodeInfo>;
  /** NodeStageVolume. */
  nodeStageVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void>;
  /** NodePublishVolume; the volume is staged. */
  nodePublishVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void>;
  /** NodeUnpublishVolume; fine if it was not published. */
  nodeUnpublishVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void>;
  /** NodeUnstageVolume; the volume is not published any more; fine if it was not staged. */
  nodeUnstageVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void>;
}

/** The drivers of a node by name. */
export type NodeDrivers = ReadonlyMap<string, NodeDriver>;
