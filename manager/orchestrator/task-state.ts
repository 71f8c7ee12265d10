import {
  NodeAvailability,
  NodeState,
  TaskState,
  type Node,
  type Task,
  type Version,
} from "../../proto/generated.ts";

/** The observed state of `task`. */
export function stateOf(task: Task): TaskState {
  return task.status?.state ?? TaskState.NEW;
}

/** Whether the task is past running, for whatever reason. */
export function hasEnded(task: Task): boolean {
  return stateOf(task) > TaskState.RUNNING;
}

/** Whether the task is meant to run, now or later, or for jobs to complete. */
export function isWanted(task: Task): boolean {
  return task.desiredState <= TaskState.COMPLETE;
}

/** Whether the task of a job has done what it was made for. */
export function isCompleted(task: Task): boolean {
  return stateOf(task) === TaskState.COMPLETE && task.desiredState === TaskState.COMPLETE;
}

/** Whether the task ended by itself, well or badly, rather than because it was told to. */
export function endedByItself(task: Task): boolean {
  const state = stateOf(task);
  return state === TaskState.COMPLETE || state === TaskState.FAILED || state === TaskState.REJECTED;
}

/** When the task's present state was reached, by the manager's clock where it is known. */
export function stateSince(task: Task): number {
  return task.status?.appliedAtMs || task.status?.timestampMs || 0;
}

/** When the task was made; `now` for one that is not stored yet. */
export function createdAt(task: Task, now: number): number {
  return task.meta?.createdAtMs ?? now;
}

/** The index inside a version; −1, which no version has, when there is none. */
export function indexOf(version: Version | null): number {
  return version?.index ?? -1;
}

/** Whether the task is to be moved to another node, and nothing has spoken against it yet. */
export function isMoving({ move, moveRefusal }: Task): boolean {
  return move !== null && move.requestedAtMs !== moveRefusal?.requestedAtMs;
}

/** Whether the task was made for a node by a move, and that node has not taken it in yet. */
export function isStranded(task: Task): boolean {
  return (task.origin?.movedTaskId ?? "") !== "" && stateOf(task) < TaskState.ASSIGNED;
}

/** Whether the node is gone: nothing it was given can be counted on. */
export function isLost(node: Node | undefined): boolean {
  return node === undefined || node.status?.state === NodeState.DOWN;
}

/** Whether the node is to be emptied. */
export function isDrained(node: Node | undefined): boolean {
  return node?.spec?.availability === NodeAvailability.DRAIN;
}

/** Finds a node by id, in a view. */
export type NodeLookup = (id: string) => Node | undefined;

/** Whether `task` may be running somewhere, or start to, though it is not wanted any more. */
export function mayStillRun(task: Task, node: NodeLookup): boolean {
  const state = stateOf(task);
  if (state < TaskState.ASSIGNED || state > TaskState.RUNNING) return false;
  return !isLost(node(task.nodeId));
}
