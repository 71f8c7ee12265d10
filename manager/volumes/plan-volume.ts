import { make } from "../../proto/codec.ts";
import {
  VolumeAccessModeScope,
  VolumePublishStatusState as State,
  type Volume,
  type VolumeInfo,
  type VolumePublishStatus,
} from "../../proto/generated.ts";

/** Something that only the volume's driver can do. */
export type DriverCall =
  | { readonly kind: "create" | "delete" }
  | { readonly kind: "publish" | "unpublish"; readonly nodeId: string };

/** How a call went. */
export type Outcome =
  | { readonly kind: "created"; readonly info: VolumeInfo }
  | { readonly kind: "published"; readonly context: Readonly<Record<string, string>> }
  | { readonly kind: "done" }
  | {
      readonly kind: "failed";
      readonly message: string;
      /** Certainly nothing was done; false when nobody knows. */
      readonly isUndone: boolean;
      /** The driver could not be reached. */
      readonly isAway: boolean;
    };

/** What a volume's next steps depend on. */
export interface VolumeContext {
  /** Nodes with a task that has, or may yet have, the volume in use. */
  readonly users: ReadonlySet<string>;
  /** The driver's name of a node that it serves; undefined for others, and for nodes that are gone. */
  readonly csiNodeId: (nodeId: string) => string | undefined;
  /** Whether the node is still a member. */
  readonly isMember: (nodeId: string) => boolean;
  /** Whether the driver is being asked to make or delete it, or is not to be asked just yet. */
  readonly isHeld: boolean;
}

/** Where a volume goes by itself, and what is asked of its driver then. */
export interface VolumePlan {
  /** Null: nothing is left of it, and its object goes too. */
  readonly volume: Volume | null;
  readonly calls: readonly DriverCall[];
}

/**
 * The next steps of a volume: PENDING_PUBLISH → PUBLISHED → PENDING_NODE_UNPUBLISH → PENDING_UNPUBLISH →
 * gone, for each node. A node is left only after all its tasks with the volume have ended and the
 * node itself has taken it down; a node that was removed from the swarm is not waited for. A volume
 * that one node may have at a time goes to the next only after that. Pure.
 */
export function planVolume(volume: Volume, context: VolumeContext): VolumePlan {
  if (!volume.volumeInfo) return planCreation(volume, context);
  const kept = volume.publishStatus.map((status) => advanced(status, context));
  const added = additions(volume, kept, context);
  const publishStatus = [...kept, ...added];
  if (volume.pendingDelete && publishStatus.length === 0)
    return { volume, calls: [{ kind: "delete" }] };
  const calls = publishStatus.flatMap(callOf);
  const isSame =
    added.length === 0 && kept.every((status, i) => status === volume.publishStatus[i]);
  return { volume: isSame ? volume : { ...volume, publishStatus }, calls };
}

/**
 * The driver is asked only once the store says that it was: whoever deletes a volume that it may have
 * made has it made for certain first, as else there would be nothing to delete it by.
 */
function planCreation(volume: Volume, { isHeld }: VolumeContext): VolumePlan {
  if (volume.pendingDelete && !volume.maybeMade) return { volume: null, calls: [] };
  if (isHeld) return { volume, calls: [] };
  const asked = volume.maybeMade ? volume : { ...volume, maybeMade: true };
  return { volume: asked, calls: [{ kind: "create" }] };
}

function advanced(status: VolumePublishStatus, context: VolumeContext): VolumePublishStatus {
  const isWanted = context.users.has(status.nodeId);
  switch (status.state) {
    case State.PENDING_PUBLISH:
      // The driver may have been asked already.
      return isWanted ? status : { ...status, state: State.PENDING_UNPUBLISH, message: "" };
    case State.PUBLISHED:
      if (!context.isMember(status.nodeId)) return { ...status, state: State.PENDING_UNPUBLISH };
      return isWanted ? status : { ...status, state: State.PENDING_NODE_UNPUBLISH };
    case State.PENDING_NODE_UNPUBLISH:
      return context.isMember(status.nodeId)
        ? status
        : { ...status, state: State.PENDING_UNPUBLISH };
    case State.PENDING_UNPUBLISH:
      return status;
  }
}

/** Nodes that need the volume and are not on the list; in an order that is always the same. */
function additions(
  { spec }: Volume,
  kept: readonly VolumePublishStatus[],
  { users, csiNodeId }: VolumeContext,
): readonly VolumePublishStatus[] {
  const known = new Set(kept.map(({ nodeId }) => nodeId));
  const added = [...users].toSorted().flatMap((nodeId) => {
    const name = csiNodeId(nodeId);
    if (known.has(nodeId) || name === undefined) return [];
    return [make("VolumePublishStatus", { nodeId, csiNodeId: name })];
  });
  const isSingle = spec?.accessMode?.scope !== VolumeAccessModeScope.MULTI_NODE;
  if (!isSingle) return added;
  return kept.length > 0 ? [] : added.slice(0, 1);
}

function callOf({ state, nodeId }: VolumePublishStatus): readonly DriverCall[] {
  if (state === State.PENDING_PUBLISH) return [{ kind: "publish", nodeId }];
  return state === State.PENDING_UNPUBLISH ? [{ kind: "unpublish", nodeId }] : [];
}

/**
 * The volume after a call; the same object when nothing is new. An answer that comes when its question
 * does not stand any more changes nothing. Null: the driver has deleted it.
 */
export function settled(volume: Volume, call: DriverCall, outcome: Outcome): Volume | null {
  if (!("nodeId" in call)) return madeOrDeleted(volume, call.kind, outcome);
  const { kind, nodeId } = call;
  const before = kind === "publish" ? State.PENDING_PUBLISH : State.PENDING_UNPUBLISH;
  const change = (status: VolumePublishStatus): readonly VolumePublishStatus[] => {
    if (status.nodeId !== nodeId || status.state !== before) return [status];
    if (outcome.kind === "failed" && status.message === outcome.message) return [status];
    if (outcome.kind === "failed") return [{ ...status, message: outcome.message }];
    if (outcome.kind !== "published") return [];
    const publishContext = outcome.context;
    return [{ ...status, state: State.PUBLISHED, publishContext, message: "" }];
  };
  const publishStatus = volume.publishStatus.flatMap(change);
  const isSame = (status: VolumePublishStatus, i: number) => status === volume.publishStatus[i];
  const isNews =
    publishStatus.length !== volume.publishStatus.length || !publishStatus.every(isSame);
  return isNews ? { ...volume, publishStatus } : volume;
}

function madeOrDeleted(volume: Volume, kind: "create" | "delete", outcome: Outcome): Volume | null {
  if (outcome.kind === "failed") {
    const { message, isUndone } = outcome;
    const maybeMade = volume.maybeMade && !(kind === "create" && isUndone);
    const isSame = message === volume.message && maybeMade === volume.maybeMade;
    return isSame ? volume : { ...volume, maybeMade, message };
  }
  if (kind === "delete") return outcome.kind === "done" && volume.pendingDelete ? null : volume;
  if (outcome.kind !== "created" || volume.volumeInfo) return volume;
  return { ...volume, volumeInfo: outcome.info, maybeMade: false, message: "" };
}
