import { TaskState, UpdateConfigOrder, type Service, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { mayRestart, originAfterMove } from "./restart-policy.ts";
import { isLeaving, placeTask, type ServiceContext } from "./service-context.ts";
import { newestOf, type Slot } from "./slot.ts";
import { createdAt, endedByItself, indexOf, stateOf } from "./task-state.ts";

/** How long a drained task waits for a successor that finds no node. */
export const DRAIN_PLACE_WAIT_MS = 60_000;

/** How long a drained task waits for a successor that has a node and does not run yet. */
export const DRAIN_START_WAIT_MS = 600_000;

/** So many failures of the successor, and the drained task waits no longer. */
export const DRAIN_ATTEMPTS_MAX = 5;

/**
 * Moves the running tasks of drained nodes, which are among the `unsettled` of `slots`, elsewhere. Unless the service is to stop first, each
 * runs on until its successor does; {@link planSurplus} ends it then. A service that is to stop
 * first keeps its last running task until another one runs. Neither waits without end: a node
 * that is drained becomes empty.
 */
export function planDrain(
  ctx: ServiceContext,
  unsettled: readonly Slot[],
  slots: readonly Slot[],
  draft: Draft,
): void {
  const leaving = unsettled.filter((slot) => slot.wanted.some((task) => isLeaving(ctx, task)));
  if (leaving.length === 0) return;
  const startFirst = startsFirst(ctx.service);
  let running = countRunning(slots);
  for (const slot of leaving) {
    const task = slot.wanted.find((other) => isLeaving(ctx, other));
    if (!task || draft.full) return;
    if (startFirst) moveStartFirst(ctx, slot, task, draft);
    else if (running > 1 || slots.length === 1 || waitedForOthers(ctx, slots, draft)) {
      moveStopFirst(ctx, slot, task, draft);
      running--;
    }
  }
}

/** Whether two tasks of one slot may run side by side: nobody asked for the contrary. */
function startsFirst({ spec }: Service): boolean {
  return !spec?.update || spec.update.order === UpdateConfigOrder.START_FIRST;
}

function countRunning(slots: readonly Slot[]): number {
  let running = 0;
  for (const slot of slots)
    if (slot.wanted.some((task) => stateOf(task) === TaskState.RUNNING)) running++;
  return running;
}

function moveStartFirst(ctx: ServiceContext, slot: Slot, task: Task, draft: Draft): void {
  const successor = slot.wanted.find((other) => other !== task && !isLeaving(ctx, other));
  if (successor) {
    if (stateOf(successor) === TaskState.RUNNING) return;
    const attempts = restartsOf(ctx, successor) - restartsOf(ctx, task);
    const hopeless = attempts >= DRAIN_ATTEMPTS_MAX;
    if (hopeless || patienceOver(ctx, successor, draft)) draft.end(slot, task, TaskState.SHUTDOWN);
    return;
  }
  const isLater = (other: Task): boolean => createdAt(other, ctx.now) > createdAt(task, ctx.now);
  const tried = newestOf(slot.past, (other) => endedByItself(other) && isLater(other));
  if (!mayRestart(tried ?? task, slot, ctx.service)) {
    draft.end(slot, task, TaskState.SHUTDOWN);
    return;
  }
  placeTask(ctx, slot, draft, originAfterMove(task, ctx.service, reasonOf(ctx, task)));
  draft.wake(ctx.now + DRAIN_PLACE_WAIT_MS);
  draft.awaitRunning();
}

function moveStopFirst(ctx: ServiceContext, slot: Slot, task: Task, draft: Draft): void {
  const follows = slot.wanted.length === 1 && mayRestart(task, slot, ctx.service);
  draft.end(slot, task, TaskState.SHUTDOWN);
  if (follows) placeTask(ctx, slot, draft, originAfterMove(task, ctx.service, reasonOf(ctx, task)));
}

/** Restarts counted under the present specification. */
function restartsOf({ service }: ServiceContext, task: Task): number {
  const current = indexOf(task.specVersion) === indexOf(service.specVersion);
  return current ? (task.origin?.restarts ?? 0) : 0;
}

/** Whether the last running task has waited long enough for one of the others to run. */
function waitedForOthers(ctx: ServiceContext, slots: readonly Slot[], draft: Draft): boolean {
  const coming = slots
    .flatMap((slot) => slot.wanted)
    .filter((task) => stateOf(task) < TaskState.RUNNING);
  return coming.every((task) => patienceOver(ctx, task, draft));
}

/** Whether `coming` is not waited for any longer. */
function patienceOver(ctx: ServiceContext, coming: Task, draft: Draft): boolean {
  const placed = stateOf(coming) >= TaskState.ASSIGNED;
  const until = createdAt(coming, ctx.now) + (placed ? DRAIN_START_WAIT_MS : DRAIN_PLACE_WAIT_MS);
  if (ctx.now >= until) return true;
  draft.wake(until);
  draft.awaitRunning();
  return false;
}

function reasonOf(ctx: ServiceContext, task: Task): string {
  const node = ctx.node(task.nodeId);
  return `moved: node ${node?.description?.hostname || task.nodeId} is drained`;
}
