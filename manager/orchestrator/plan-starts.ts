import { TaskState, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { goalOf, heldOrigin, isOccupied, type ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import { createdAt, hasEnded } from "./task-state.ts";

/** The longest a prepared task waits for the one before it to stop. */
export const OLD_TASK_WAIT_MS = 60_000;

/**
 * Starts prepared tasks (desired READY): when their delay is over, the task before them in the
 * slot has stopped, or has had its time, and nothing holds the service back. What does is told.
 */
export function planStarts(ctx: ServiceContext, slots: Iterable<Slot>, draft: Draft): void {
  for (const slot of slots) {
    for (const task of slot.wanted) {
      if (task.desiredState !== TaskState.READY || hasEnded(task)) continue;
      if (draft.full) return;
      if (ctx.held !== "") {
        const known = task.origin?.reason.includes(ctx.held) ?? false;
        if (!known) draft.replace(slot, task, { ...task, origin: heldOrigin(ctx, task.origin) });
        continue;
      }
      const at = startTime(ctx, slot, task);
      if (at > ctx.now) draft.wake(at);
      else draft.replace(slot, task, { ...task, desiredState: goalOf(ctx) });
    }
  }
}

function startTime(ctx: ServiceContext, slot: Slot, task: Task): number {
  const notBefore = task.origin?.notBeforeMs ?? 0;
  if (!isOccupied(ctx, slot)) return notBefore;
  return Math.max(notBefore, createdAt(task, ctx.now) + OLD_TASK_WAIT_MS);
}
