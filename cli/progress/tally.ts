import type { ServiceMode } from "../api/service-types.ts";
import type { Task } from "../api/types.ts";
import {
  isOfThisRun,
  isOnActiveNode,
  stateRank,
  taskLine,
  type Snapshot,
  type Tally,
} from "./snapshot.ts";

/** Counts how far the service is, by its mode. */
export function tally(snapshot: Snapshot): Tally {
  const mode = snapshot.service.Spec.Mode;
  if (mode?.Global) return tallyGlobal(snapshot);
  if (mode?.ReplicatedJob) return tallyJob(snapshot, jobTotal(mode.ReplicatedJob));
  if (mode?.GlobalJob) return tallyJob(snapshot, undefined);
  return tallyReplicated(snapshot, mode?.Replicated?.Replicas ?? 1);
}

/** One line per slot: the task that is wanted most there, the least advanced one of equals. */
function tallyReplicated(snapshot: Snapshot, replicas: number): Tally {
  const bySlot = new Map<number, Task>();
  for (const task of snapshot.tasks) {
    if (!isOnActiveNode(task, snapshot)) continue;
    const best = bySlot.get(task.Slot ?? 0);
    if (!best || isBefore(task, best)) bySlot.set(task.Slot ?? 0, task);
  }
  const slots = [...bySlot.keys()].toSorted((a, b) => a - b);
  const tasks = slots.map((slot) => bySlot.get(slot) as Task);
  const done = tasks.filter(isRunningAsWanted).length;
  return {
    done,
    total: replicas,
    isConverged: done === replicas,
    lines: Array.from({ length: replicas }, (_, n) => taskLine(`${n + 1}/${replicas}`, tasks[n])),
  };
}

function isBefore(task: Task, other: Task): boolean {
  const desired = stateRank(task.DesiredState) - stateRank(other.DesiredState);
  if (desired !== 0) return desired < 0;
  return stateRank(task.Status.State) < stateRank(other.Status.State);
}

function isRunningAsWanted(task: Task): boolean {
  return stateRank(task.DesiredState) <= stateRank("running") && task.Status.State === "running";
}

function tallyGlobal(snapshot: Snapshot): Tally {
  const byNode = new Map<string, Task>();
  for (const task of snapshot.tasks) {
    if (!task.NodeID || task.DesiredState !== "running" || !isOnActiveNode(task, snapshot))
      continue;
    const best = byNode.get(task.NodeID);
    if (!best || isBefore(task, best)) byNode.set(task.NodeID, task);
  }
  const done = [...byNode.values()].filter((task) => task.Status.State === "running").length;
  return {
    done,
    total: byNode.size,
    isConverged: byNode.size > 0 && done === byNode.size,
    lines: [...byNode]
      .map(([id, task]) => taskLine(snapshot.activeNodes.get(id) ?? id, task))
      .toSorted((a, b) => a.id.localeCompare(b.id)),
  };
}

/** How often the tasks of a job are to complete. */
export function jobTotal(job: NonNullable<ServiceMode["ReplicatedJob"]>): number {
  return job.TotalCompletions ?? job.MaxConcurrent ?? 1;
}

/** `total` undefined: as many as there are tasks (one a node). */
function tallyJob(snapshot: Snapshot, total: number | undefined): Tally {
  const tasks = snapshot.tasks.filter(
    (task) => isOfThisRun(task, snapshot) && isOnActiveNode(task, snapshot),
  );
  const done = tasks.filter((task) => task.Status.State === "complete").length;
  const wanted = total ?? tasks.length;
  const active = tasks
    .filter((task) => stateRank(task.Status.State) <= stateRank("running"))
    .toSorted((a, b) => (a.Slot ?? 0) - (b.Slot ?? 0));
  return {
    done,
    total: wanted,
    isConverged: wanted > 0 && done >= wanted,
    lines: active.map((task) =>
      taskLine(
        task.Slot ? `${task.Slot}/${wanted}` : (snapshot.activeNodes.get(task.NodeID ?? "") ?? ""),
        task,
      ),
    ),
  };
}
