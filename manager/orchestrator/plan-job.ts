import { assert } from "../../lib/assert.ts";
import { NodeAvailability, NodeState, TaskState, type Task } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import type { Draft } from "./draft.ts";
import { belongsOn, endAll } from "./plan-global.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import { mayRestart } from "./restart-policy.ts";
import { placeTask, type ServiceContext } from "./service-context.ts";
import { emptySlot, groupByNode, groupBySlot, newestTask, type Slot } from "./slot.ts";
import { endedByItself, hasEnded, indexOf, isCompleted } from "./task-state.ts";

/** What the tasks of a job are to a plan: those of the present run by slot, and the others. */
interface JobTasks {
  readonly current: readonly Task[];
  readonly older: readonly Task[];
}

/**
 * Plans a replicated job: so many slots, numbered from 1, have to complete once; at most
 * `max_concurrent` at a time. Failures are the restart policy's matter; a slot it is done with
 * stays as it is. A new run ends what is left of the one before.
 */
export function planReplicatedJob(
  ctx: ServiceContext,
  tasks: ReadonlySet<Task>,
  draft: Draft,
): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicatedJob", "a replicated job");
  const { current, older } = splitByRun(ctx, tasks);
  const slots = groupBySlot(current);
  endOlder(older, (task) => slotFor(slots, task.slot, { slot: task.slot, nodeId: "" }), draft);
  planRestarts(ctx, slots.values(), draft);
  planStarts(ctx, slots.values(), draft);
  if (!hasRun(ctx)) return;
  const { maxConcurrent, totalCompletions } = spec.replicatedJob;
  let free = maxConcurrent - [...slots.values()].filter(isActive).length;
  for (let number = 1; number <= totalCompletions && free > 0 && !draft.full; number++) {
    const slot = slotFor(slots, number, { slot: number, nodeId: "" });
    if (slot.wanted.length > 0 || isDoneWith(ctx, slot)) continue;
    placeTask(ctx, slot, draft);
    free--;
  }
}

/**
 * Plans a global job: one completion on each node that is ready, active and meets the constraints,
 * also on one that joins while the run is the latest.
 */
export function planGlobalJob(
  ctx: ServiceContext,
  tasks: ReadonlySet<Task>,
  draft: Draft,
  view: StoreView,
): void {
  const { current, older } = splitByRun(ctx, tasks);
  const slots = groupByNode(current);
  endOlder(older, (t) => slotFor(slots, t.nodeId, { slot: 0, nodeId: t.nodeId }), draft);
  for (const node of view.node.all()) {
    const slot = slotFor(slots, node.id, { slot: 0, nodeId: node.id });
    if (!belongsOn(ctx, node)) {
      endUnfinished(slot, draft);
      continue;
    }
    planRestarts(ctx, [slot], draft);
    planStarts(ctx, [slot], draft);
    const open =
      node.spec?.availability === NodeAvailability.ACTIVE && node.status?.state === NodeState.READY;
    if (!open || !hasRun(ctx) || draft.full) continue;
    if (slot.wanted.length === 0 && !isDoneWith(ctx, slot)) placeTask(ctx, slot, draft);
  }
  for (const slot of slots.values()) if (!view.node.get(slot.nodeId)) endUnfinished(slot, draft);
}

/** Whether the job was ever told to run; one with a schedule waits for its time. */
function hasRun({ service }: ServiceContext): boolean {
  return (service.jobStatus?.lastExecutionMs ?? 0) > 0 || service.spec?.schedule === null;
}

function splitByRun({ service }: ServiceContext, tasks: Iterable<Task>): JobTasks {
  const run = indexOf(service.jobStatus?.jobIteration ?? null);
  const current: Task[] = [];
  const older: Task[] = [];
  for (const task of tasks) (indexOf(task.jobIteration) === run ? current : older).push(task);
  return { current, older };
}

/** Ends what still runs of earlier runs; it keeps its slot occupied until it has stopped. */
function endOlder(older: readonly Task[], slotOf: (task: Task) => Slot, draft: Draft): void {
  for (const task of older) {
    if (hasEnded(task)) continue;
    const slot = slotOf(task);
    slot.past.push(task);
    if (!draft.full) draft.end(slot, task, TaskState.REMOVE);
  }
}

function endUnfinished(slot: Slot, draft: Draft): void {
  if (!slot.wanted.every(isCompleted)) endAll(slot, draft);
}

/** Whether the slot's task is still to complete. */
function isActive(slot: Slot): boolean {
  return slot.wanted.some((task) => !isCompleted(task));
}

/** Whether the restart policy gave the slot up in this run. */
function isDoneWith({ service }: ServiceContext, slot: Slot): boolean {
  const last = newestTask(slot);
  if (!last || indexOf(last.jobIteration) !== indexOf(service.jobStatus?.jobIteration ?? null))
    return false;
  return endedByItself(last) && !mayRestart(last, slot, service);
}

function slotFor<K>(slots: Map<K, Slot>, key: K, place: { slot: number; nodeId: string }): Slot {
  let slot = slots.get(key);
  if (!slot) slots.set(key, (slot = emptySlot(place)));
  return slot;
}
