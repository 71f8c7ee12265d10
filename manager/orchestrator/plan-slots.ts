import { TaskState } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { planDrain } from "./plan-drain.ts";
import { planMoves } from "./plan-moves.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import { planSurplus } from "./plan-surplus.ts";
import { planUpdate } from "./plan-update.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import { isDrained, isLost, isMoving, isStranded, stateOf } from "./task-state.ts";

/** Plans what becomes of the slots that a service has: restarts, moves, starts and its update. */
export function planSlots(ctx: ServiceContext, slots: readonly Slot[], draft: Draft): void {
  const unsettled = slots.filter((slot) => !isSettled(ctx, slot));
  if (unsettled.length > 0) {
    planRestarts(ctx, unsettled, draft);
    planSurplus(ctx, unsettled, draft);
    planMoves(ctx, unsettled, slots, draft);
    planDrain(ctx, unsettled, slots, draft);
    planStarts(ctx, unsettled, draft);
  }
  planUpdate(ctx, slots, draft);
}

/**
 * Whether the slot has one task that runs, or is on its way to, where it may be. Of ten thousand
 * slots nearly all are like that nearly always, and only the update has to look at them.
 */
function isSettled({ node }: ServiceContext, { wanted }: Slot): boolean {
  const [task] = wanted;
  if (!task || wanted.length > 1) return false;
  if (task.desiredState !== TaskState.RUNNING || stateOf(task) > TaskState.RUNNING) return false;
  if (isMoving(task) || isStranded(task)) return false;
  if (task.nodeId === "") return true;
  const host = node(task.nodeId);
  return !isLost(host) && !isDrained(host);
}
