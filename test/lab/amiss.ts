import type { SystemTask } from "../system/cluster.ts";

/** A container of a service. */
export interface TaskContainer {
  readonly id: string;
  /** Name of the host that it is on. */
  readonly host: string;
  /** The task that it was made for. */
  readonly taskId: string;
}

/**
 * What is wrong with the containers that run for a service: tasks that are `wanted` and lost theirs,
 * tasks and slots that have two, and containers that were left behind. Empty when each task has
 * its own, and no other runs.
 */
export function amiss(
  wanted: readonly SystemTask[],
  running: readonly TaskContainer[],
): readonly string[] {
  const tasks = new Map(wanted.map((task) => [task.ID, task]));
  const ids = new Set(running.map(({ id }) => id));
  const lost = wanted
    .filter((task) => !ids.has(containerOf(task)))
    .map((task) => `lost: container ${containerOf(task)} of ${named(task)}`);
  const others = running.flatMap(({ id, host, taskId }) => {
    const task = tasks.get(taskId);
    if (!task) return `left behind: container ${id} on ${host}, of task ${taskId}`;
    return containerOf(task) === id ? [] : `doubled: container ${id} on ${host}, of ${named(task)}`;
  });
  const twins = wanted
    .filter((task) => wanted.some(({ ID, Slot }) => ID !== task.ID && Slot === task.Slot))
    .map((task) => `doubled: ${named(task)}`);
  return [...lost, ...others, ...twins];
}

function containerOf({ Status }: SystemTask): string {
  return Status.ContainerStatus?.ContainerID ?? "";
}

function named({ ID, Slot, NodeID }: SystemTask): string {
  return `task ${ID}, slot ${Slot} on node ${NodeID}`;
}
