import { make } from "../../proto/codec.ts";
import { TaskState, UpdateStatusState, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { originAfterMove } from "./restart-policy.ts";
import { goalOf, isOccupied, placeTask, type ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import { newTask } from "./task-init.ts";
import {
  createdAt,
  hasEnded,
  isDrained,
  isLost,
  isMoving,
  isStranded,
  stateOf,
  stateSince,
} from "./task-state.ts";
import { runningUpdate } from "./update-origin.ts";
import { updateOptions, type UpdateOptions } from "./update-options.ts";

/** How long a move waits for its node to take the successor in. */
export const MOVE_PLACE_WAIT_MS = 60_000;

/** How long a move waits, from when it was asked for, for what its service depends on. */
export const MOVE_HELD_WAIT_MS = 60_000;

/**
 * Moves running tasks to the nodes that `task.move` names, start first: the successor is made for
 * that node, and {@link planSurplus} ends the task when the successor runs. As many tasks are
 * under way at a time, and with such pauses, as the service's update configuration says. What
 * cannot be moved stays where it is: the refusal on the task says why. All of it is read from the
 * tasks, so any leader can go on.
 */
export function planMoves(
  ctx: ServiceContext,
  unsettled: readonly Slot[],
  slots: readonly Slot[],
  draft: Draft,
): void {
  for (const slot of unsettled) if (!draft.full) rescue(ctx, slot, draft);
  const moving = unsettled.filter((slot) => slot.wanted.some(isMoving));
  if (moving.length === 0) return;
  const options = updateOptions(ctx.service);
  const waiting = moving.filter((slot) => !draft.full && !follow(ctx, slot, options, draft));
  const isBusy = runningUpdate(ctx.service) !== 0 || ctx.held !== "";
  let free = isBusy ? 0 : options.parallelism - underWay(ctx, slots, options, draft);
  for (const slot of waiting.sort((a, b) => a.slot - b.slot)) {
    if (draft.full) return;
    const task = slot.wanted.find(isMoving);
    if (!task?.move) continue;
    const refusal = whyNot(ctx, slot, task, draft);
    if (refusal !== "") refuse(slot, task, refusal, draft);
    else if (free > 0 && canBegin(ctx, slot, task)) {
      free--;
      begin(ctx, slot, task, draft);
    }
  }
}

/**
 * A successor that has no node yet and whose task is gone is bound to a node for no reason any
 * more: another one, which may go anywhere, takes its place.
 */
function rescue(ctx: ServiceContext, slot: Slot, draft: Draft): void {
  const [task, ...others] = slot.wanted;
  if (!task || others.length > 0 || !isStranded(task)) return;
  draft.end(slot, task, TaskState.SHUTDOWN);
  placeTask(ctx, slot, draft, originAfterMove(task, ctx.service, task.origin?.reason ?? ""));
}

/** Looks after a move that has begun. @returns whether it has. */
function follow(
  ctx: ServiceContext,
  slot: Slot,
  { deadlineMs }: UpdateOptions,
  draft: Draft,
): boolean {
  const task = slot.wanted.find(isMoving);
  const successor = slot.wanted.find(({ origin }) => task && origin?.movedTaskId === task.id);
  // A drain or an update has begun to replace the task: theirs is the say.
  if (!task || !successor) return slot.wanted.length > 1;
  if (stateOf(successor) >= TaskState.RUNNING) return true;
  const isPlaced = stateOf(successor) >= TaskState.ASSIGNED;
  const until = createdAt(successor, ctx.now) + (isPlaced ? deadlineMs : MOVE_PLACE_WAIT_MS);
  draft.awaitRunning();
  if (ctx.now < until) {
    draft.wake(until);
    return true;
  }
  draft.end(slot, successor, TaskState.SHUTDOWN);
  refuse(slot, task, waitsFor(successor, "its successor did not run in time"), draft);
  return true;
}

/** How many moved tasks do not run yet, or have not run for as long as the delay. */
function underWay(
  ctx: ServiceContext,
  slots: readonly Slot[],
  { delayMs }: UpdateOptions,
  draft: Draft,
): number {
  let count = 0;
  for (const { wanted } of slots) {
    for (const task of wanted) {
      if (!task.origin?.movedTaskId || hasEnded(task)) continue;
      const doneAt = stateOf(task) === TaskState.RUNNING ? stateSince(task) + delayMs : Infinity;
      if (doneAt <= ctx.now) continue;
      count++;
      draft.wake(doneAt);
    }
  }
  return count;
}

/** Why a move that is to begin comes to nothing; empty when it may begin, or has still to wait. */
function whyNot(ctx: ServiceContext, slot: Slot, task: Task, draft: Draft): string {
  const failed = slot.past.find(
    ({ origin }) =>
      origin?.movedTaskId === task.id && origin.moveRequestedAtMs === task.move?.requestedAtMs,
  );
  if (failed) return waitsFor(failed, "its successor ended");
  const target = ctx.node(task.move?.nodeId ?? "");
  if (isLost(target)) return "the other node is down";
  if (isDrained(target)) return "the other node is drained";
  // Nobody knows when that goes on, and the task that runs is not the one it wants.
  if (isPaused(ctx) && ctx.isDirty(task)) return "the update of its service is paused";
  return whyHeld(ctx, task, draft);
}

/**
 * A task that is moved starts anew, so it may not while its service waits for another one; what
 * runs already runs on. That other service may be back in a moment, or never.
 */
function whyHeld(ctx: ServiceContext, task: Task, draft: Draft): string {
  if (ctx.held === "") return "";
  const until = (task.move?.requestedAtMs ?? 0) + MOVE_HELD_WAIT_MS;
  if (ctx.now >= until) return ctx.held;
  draft.wake(until);
  return "";
}

function isPaused({ service }: ServiceContext): boolean {
  const state = service.updateStatus?.state;
  return state === UpdateStatusState.PAUSED || state === UpdateStatusState.ROLLBACK_PAUSED;
}

function waitsFor({ status }: Task, otherwise: string): string {
  return status?.err || otherwise;
}

function canBegin(ctx: ServiceContext, slot: Slot, task: Task): boolean {
  const isUp = stateOf(task) === TaskState.RUNNING && !ctx.isDirty(task);
  return isUp && slot.wanted.length === 1 && !isOccupied(ctx, slot);
}

function begin(ctx: ServiceContext, slot: Slot, task: Task, draft: Draft): void {
  const { nodeId = "", requestedAtMs = 0 } = task.move ?? {};
  const host = ctx.node(task.nodeId);
  const reason = `moved: rebalanced from node ${host?.description?.hostname || task.nodeId}`;
  const moved = originAfterMove(task, ctx.service, reason);
  const origin = { ...moved, movedTaskId: task.id, moveRequestedAtMs: requestedAtMs };
  draft.create(slot, newTask(ctx, { slot: slot.slot, nodeId }, goalOf(ctx), origin));
  draft.wake(ctx.now + MOVE_PLACE_WAIT_MS);
  draft.awaitRunning();
}

function refuse(slot: Slot, task: Task, reason: string, draft: Draft): void {
  const requestedAtMs = task.move?.requestedAtMs ?? 0;
  const moveRefusal = make("MoveRefusal", { requestedAtMs, reason });
  draft.replace(slot, task, { ...task, moveRefusal });
}
