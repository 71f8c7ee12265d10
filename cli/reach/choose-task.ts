import { SwarmError } from "../../lib/errors.ts";
import type { Task } from "../api/types.ts";

/** Which of a service's tasks is meant. */
export interface TaskChoice {
  readonly slot?: number;
  readonly nodeId?: string;
  /** An id, or the beginning of one. */
  readonly taskId?: string;
}

/** Whether there is something to reach into, and for a while. */
export function isRunning(task: Task): boolean {
  return task.Status.State === "running" && task.DesiredState === "running";
}

/**
 * The task of a service to reach into: one that runs and fits the choice; of several the one with
 * the lowest slot, so that the same command meets the same task. Throws `failed-precondition`.
 */
export function chooseTask(service: string, tasks: readonly Task[], choice: TaskChoice): Task {
  const { slot, nodeId, taskId } = choice;
  const fitting = tasks
    .filter(isRunning)
    .filter((task) => slot === undefined || task.Slot === slot)
    .filter((task) => nodeId === undefined || task.NodeID === nodeId)
    .filter((task) => taskId === undefined || task.ID.startsWith(taskId))
    .toSorted((a, b) => (a.Slot ?? 0) - (b.Slot ?? 0) || (a.ID < b.ID ? -1 : 1));
  const [first] = fitting;
  if (first) return first;
  const wanted = [
    slot === undefined ? "" : ` in slot ${slot}`,
    nodeId === undefined ? "" : ` on node ${nodeId}`,
    taskId === undefined ? "" : ` with the id ${taskId}`,
  ].join("");
  throw new SwarmError(
    "failed-precondition",
    `service ${service} has no running task${wanted}: "swarm service ps ${service}" shows why`,
  );
}
