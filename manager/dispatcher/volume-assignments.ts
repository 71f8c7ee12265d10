import {
  AssignmentChangeAction,
  VolumePublishStatusState as State,
  type AssignmentChange,
  type Volume,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";

/** What a node is to do with a volume: have it, or take it down; null while it has no part in it. */
function actionFor(volume: Volume, nodeId: string): AssignmentChangeAction | null {
  const state = volume.publishStatus.find((status) => status.nodeId === nodeId)?.state;
  if (state === State.PUBLISHED) return AssignmentChangeAction.UPDATE;
  return state === State.PENDING_NODE_UNPUBLISH ? AssignmentChangeAction.REMOVE : null;
}

/** The cluster volumes of one node, and what it was told of them. */
export class VolumeAssignments {
  readonly #nodeId: string;
  readonly #told = new Map<string, AssignmentChangeAction>();

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /**
   * What the node does not know yet. One that it is to take down is in a complete set too, until it
   * has said that it has: it may not remember it.
   */
  changes(view: StoreView): readonly AssignmentChange[] {
    const changes: AssignmentChange[] = [];
    const present = new Set<string>();
    for (const volume of view.volume.by("node", this.#nodeId)) {
      const action = actionFor(volume, this.#nodeId);
      if (action === null) continue;
      present.add(volume.id);
      if (this.#told.get(volume.id) === action) continue;
      this.#told.set(volume.id, action);
      changes.push({ action, assignment: { item: "volume", volume: this.#describe(volume) } });
    }
    for (const id of this.#told.keys()) if (!present.has(id)) this.#told.delete(id);
    return changes;
  }

  /** Ids of the secrets that the node's half of the drivers needs. */
  secrets(view: StoreView): readonly string[] {
    const ids: string[] = [];
    for (const volume of view.volume.by("node", this.#nodeId))
      if (actionFor(volume, this.#nodeId) !== null)
        for (const { secret } of volume.spec?.secrets ?? []) ids.push(secret);
    return ids;
  }

  #describe({ id, spec, volumeInfo, publishStatus }: Volume) {
    const status = publishStatus.find(({ nodeId }) => nodeId === this.#nodeId);
    return {
      id,
      volumeId: volumeInfo?.volumeId ?? "",
      driver: spec?.driver ?? null,
      volumeContext: volumeInfo?.volumeContext ?? {},
      publishContext: status?.publishContext ?? {},
      secrets: spec?.secrets ?? [],
      accessMode: spec?.accessMode ?? null,
    };
  }
}

/** Notes that the node has taken volumes down; what it was not asked to take down stays as it is. */
export function noteUnpublished(tx: Transaction, ids: readonly string[], nodeId: string): void {
  for (const id of ids) {
    const volume = tx.view.volume.get(id);
    const isDue = volume?.publishStatus.some(
      (status) => status.nodeId === nodeId && status.state === State.PENDING_NODE_UNPUBLISH,
    );
    if (!volume || !isDue) continue;
    const publishStatus = volume.publishStatus.map((status) =>
      status.nodeId === nodeId ? { ...status, state: State.PENDING_UNPUBLISH } : status,
    );
    tx.update("volume", { ...volume, publishStatus });
  }
}
