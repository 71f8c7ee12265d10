import { TaskState, type Cluster, type Task, type TaskSpec } from "../../proto/generated.ts";
import { slotKey } from "../store/schema.ts";
import type { StoreView } from "../store/tables.ts";
import type { Draft } from "./draft.ts";
import { isSticky, lastWithVolumes, volumeNodeOf } from "./sticky-volumes.ts";
import { hasEnded, isWanted, stateOf } from "./task-state.ts";

/** Tasks kept per slot, the live one included, unless the cluster says otherwise. */
export const TASK_HISTORY_LIMIT = 5;

/**
 * Takes out of the store, starting from the tasks of one slot or one task without a service:
 * tasks that were to be removed and have stopped, orphans without a service, and history beyond
 * what is kept, oldest first. What was tried last in a slot stays: the restart policy asks it.
 */
export function planReap(view: StoreView, tasks: Iterable<Task>, draft: Draft): void {
  const rest: Task[] = [];
  const slot = [...tasks];
  const memory = memoryOf(slot, view);
  for (const task of slot) {
    if (draft.full) return;
    if (task !== memory && isRemovable(task, view)) draft.remove(task);
    else rest.push(task);
  }
  const [first] = rest;
  if (!first || first.serviceId === "") return;
  const limit = retention(view, first);
  if (rest.length <= limit) return;
  const old = rest.filter(isOver).sort((a, b) => madeAt(a) - madeAt(b) || (a.id < b.id ? -1 : 1));
  const last = old.at(-1);
  const isFollowed = (task: Task): boolean => madeAt(task) >= (last ? madeAt(last) : 0);
  if (!rest.some((task) => isWanted(task) && !hasEnded(task) && isFollowed(task))) old.pop();
  for (const task of old.slice(0, rest.length - limit)) {
    if (draft.full) return;
    draft.remove(task);
  }
}

/** The tasks that are looked at together with `task`. */
export function slotOf(view: StoreView, task: Task): Iterable<Task> {
  return task.serviceId === "" ? [task] : view.task.by("slot", slotKey(task));
}

/**
 * The task that remembers where the volumes of a sticky slot are: it stays when the service is scaled
 * down, so that the slot finds them when the service is scaled up again.
 */
function memoryOf(slot: readonly Task[], view: StoreView): Task | undefined {
  const [first] = slot;
  if (!first || first.slot === 0 || !isSticky(view.service.get(first.serviceId))) return undefined;
  const isKnown = volumeNodeOf(slot, (id) => view.node.get(id)) !== "";
  return isKnown ? lastWithVolumes(slot) : undefined;
}

/** Whether nothing of the task is left, or ever was, and nobody wants to know. */
function isRemovable(task: Task, view: StoreView): boolean {
  const state = stateOf(task);
  if (task.serviceId === "") return state === TaskState.ORPHANED;
  if (task.desiredState !== TaskState.REMOVE) return false;
  if (state < TaskState.ASSIGNED || state >= TaskState.COMPLETE) return true;
  return view.node.get(task.nodeId) === undefined;
}

/** Whether the task is history: it has ended, or will never begin. */
function isOver(task: Task): boolean {
  return hasEnded(task) || (!isWanted(task) && stateOf(task) < TaskState.ASSIGNED);
}

/** How many tasks a slot keeps. A policy that counts attempts needs all of them to count. */
function retention(view: StoreView, task: Task): number {
  const [cluster] = view.cluster.all();
  const limit = retentionLimit(cluster);
  if (limit < 0) return Infinity;
  const service = view.service.get(task.serviceId);
  const attempts = attemptsKept(service?.spec?.task ?? task.spec);
  return attempts > 0 ? attempts + 1 : limit;
}

/** Restarts that the policy counts, whose tasks are kept beyond the cluster's limit; 0 = none. */
export function attemptsKept(spec: TaskSpec | null): number {
  return spec?.restart?.maxAttempts ?? 0;
}

/** The cluster's history limit; negative = keep all. */
export function retentionLimit(cluster: Cluster | undefined): number {
  return cluster?.spec?.orchestration?.taskHistoryRetentionLimit ?? TASK_HISTORY_LIMIT;
}

function madeAt(task: Task): number {
  return task.meta?.createdAtMs ?? 0;
}
