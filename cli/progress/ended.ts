import type { ServiceMode } from "../api/service-types.ts";
import type { Task } from "../api/types.ts";
import { isOfThisRun, isOnActiveNode, stateRank, type Snapshot } from "./snapshot.ts";
import { jobTotal } from "./tally.ts";

/** What became of tasks that have ended, and that nothing starts again. */
export interface Ended {
  readonly failed: number;
  readonly total: number;
  /** The reason of one that failed; empty when none did. */
  readonly reason: string;
}

/**
 * What became of a service that gets no further: each of its tasks runs or has ended for good, and at
 * least one has ended. Undefined while anything is still to come.
 */
export function endedTasks(snapshot: Snapshot): Ended | undefined {
  const { UpdateStatus: update, Spec: spec } = snapshot.service;
  if (update?.State === "updating" || update?.State === "rollback_started") return undefined;
  const tasks = [...newestTasks(snapshot).values()];
  const total = wantedTasks(spec.Mode) ?? tasks.length;
  const ended = tasks.filter(isOver);
  const isAll = tasks.length === total && tasks.every((task) => isOver(task) || isRunning(task));
  if (!isAll || ended.length === 0) return undefined;
  const failed = ended.filter(({ Status }) => Status.State !== "complete");
  return { failed: failed.length, total, reason: failed[0]?.Status.Err ?? "" };
}

/** Undefined: one for each node. */
function wantedTasks(mode: ServiceMode | undefined): number | undefined {
  const job = mode?.ReplicatedJob;
  return job ? jobTotal(job) : mode?.Replicated?.Replicas;
}

/** The last task of each slot or node: the one before it was replaced. */
function newestTasks(snapshot: Snapshot): ReadonlyMap<string, Task> {
  const newest = new Map<string, Task>();
  for (const task of snapshot.tasks) {
    if (!isOnActiveNode(task, snapshot) || !isOfThisRun(task, snapshot)) continue;
    const place = task.Slot ? String(task.Slot) : (task.NodeID ?? "");
    const known = newest.get(place);
    if (!known || known.CreatedAt < task.CreatedAt) newest.set(place, task);
  }
  return newest;
}

/**
 * Whether the task has ended and the swarm wants no more of it: another one would be newer. The tasks of
 * a job are wanted `complete` from the beginning.
 */
function isOver({ DesiredState: desired, Status: { State: state } }: Task): boolean {
  if (state === "complete") return stateRank(desired) >= stateRank("complete");
  return stateRank(state) > stateRank("complete") && stateRank(desired) > stateRank("complete");
}

function isRunning({ DesiredState: desired, Status: { State: state } }: Task): boolean {
  return state === "running" && desired === "running";
}
