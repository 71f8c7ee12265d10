import { TaskState, type Service, type Task } from "../../proto/generated.ts";
import { newestOf } from "./slot.ts";
import type { NodeLookup } from "./task-state.ts";

/** Whether replicas stay with the volumes that they have on a node. */
export function isSticky(service: Service | undefined): boolean {
  return service?.spec?.task?.placement?.stickyVolumes ?? false;
}

/**
 * The node that a task leaves its volumes on; empty for none. One that was refused there before it
 * started has written nothing: its successor is as free as it was itself.
 */
function nodeWithVolumes({ nodeId, volumeNodeId, status }: Task): string {
  const isUnused = status?.state === TaskState.REJECTED && !status.container;
  return isUnused ? volumeNodeId : nodeId || volumeNodeId;
}

/** Of the tasks of a slot the one that tells where its volumes are. */
export function lastWithVolumes(tasks: readonly Task[]): Task | undefined {
  return newestOf(tasks, (task) => nodeWithVolumes(task) !== "");
}

/** The node that holds the volumes of a slot with `tasks`, while it is in the swarm; empty for none. */
export function volumeNodeOf(tasks: readonly Task[], node: NodeLookup): string {
  const last = lastWithVolumes(tasks);
  const nodeId = last ? nodeWithVolumes(last) : "";
  return node(nodeId) ? nodeId : "";
}
