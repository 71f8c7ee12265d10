import type { Service } from "../api/service-types.ts";
import type { Task } from "../api/types.ts";

/** What one round of polling saw. */
export interface Snapshot {
  readonly service: Service;
  /** Tasks of the service's current spec only (the `_up-to-date` filter). */
  readonly tasks: readonly Task[];
  /** Host name by id of each node that is not down. */
  readonly activeNodes: ReadonlyMap<string, string>;
}

/** How far one task, slot or node is. */
export interface ProgressLine {
  /** `2/6` or a node's name. */
  readonly id: string;
  /** State, or the reason why it does not get further. */
  readonly text: string;
  /** Steps done out of {@link STEPS_TOTAL}; 0 draws no bar. */
  readonly step: number;
}

/** Where the whole service is. */
export interface Tally {
  readonly done: number;
  readonly total: number;
  readonly isConverged: boolean;
  readonly lines: readonly ProgressLine[];
}

/** Task states in the order they are gone through; the index is the step. */
const STATES = [
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
] as const;

/** The states after which a task never runs again. */
const STATES_ENDED = ["shutdown", "failed", "rejected", "remove", "orphaned"] as const;

/** Steps from nothing to running. */
export const STEPS_TOTAL = STATES.indexOf("running") + 1;

/** Position of `state` in a task's life; larger is later. */
export function stateRank(state: string): number {
  return [...STATES, ...STATES_ENDED].indexOf(state as "new");
}

/** A line for `task`: its error when it has one, else its state and the steps done. */
export function taskLine(id: string, task: Task | undefined): ProgressLine {
  if (!task) return { id, text: "", step: 0 };
  const reason = task.Status.Err ?? "";
  if (reason !== "") return { id, text: reason.replaceAll("\n", " "), step: 0 };
  const step = Math.min(stateRank(task.Status.State) + 1, STEPS_TOTAL);
  return { id, text: task.Status.State, step };
}

/** Whether the task's node, if it has one, is not down. */
export function isOnActiveNode(task: Task, { activeNodes }: Snapshot): boolean {
  return !task.NodeID || activeNodes.has(task.NodeID);
}

/** Whether the task is no earlier run's of its job. */
export function isOfThisRun(task: Task, { service }: Snapshot): boolean {
  return (task.JobIteration?.Index ?? 0) === (service.JobStatus?.JobIteration.Index ?? 0);
}
