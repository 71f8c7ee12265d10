import { TaskState, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import type { ServiceContext } from "./service-context.ts";
import { newestOf, type Slot } from "./slot.ts";
import { isDrained, isMoving, stateOf } from "./task-state.ts";

/**
 * Brings each slot back to one wanted task. The successor is the up-to-date one; the others go
 * when it runs, and those that do not run themselves at once.
 */
export function planSurplus(ctx: ServiceContext, slots: Iterable<Slot>, draft: Draft): void {
  for (const slot of slots) {
    if (slot.wanted.length < 2) continue;
    if (draft.full) return;
    const successor = successorOf(ctx, slot);
    const runs = successor !== undefined && isRunning(successor);
    const others = slot.wanted.filter((task) => task !== successor);
    for (const task of others)
      if (runs || !isRunning(task)) draft.end(slot, task, TaskState.SHUTDOWN);
    if (!runs) draft.awaitRunning();
  }
}

/** Ends what stands beside a successor once that runs; who never will costs nobody his place. */
export function planSucceeded(ctx: ServiceContext, slot: Slot, draft: Draft): void {
  if (slot.wanted.length < 2) return;
  const successor = successorOf(ctx, slot);
  if (successor && isRunning(successor)) planSurplus(ctx, [slot], draft);
  else draft.awaitRunning();
}

/** The task that the slot is to end up with. */
export function successorOf(ctx: ServiceContext, slot: Slot): Task | undefined {
  const current = slot.wanted.filter((task) => !ctx.isDirty(task));
  const stays = current.filter((task) => !isDrained(ctx.node(task.nodeId)) && !isMoving(task));
  const candidates = [stays, current, slot.wanted].find((tasks) => tasks.length > 0) ?? [];
  return candidates.find(isRunning) ?? newestOf(candidates);
}

function isRunning(task: Task): boolean {
  return stateOf(task) === TaskState.RUNNING;
}
