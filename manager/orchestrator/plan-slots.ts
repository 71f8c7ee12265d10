import type { Draft } from "./draft.ts";
import { planDrain } from "./plan-drain.ts";
import { planMoves } from "./plan-moves.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import { planSurplus } from "./plan-surplus.ts";
import { planUpdate } from "./plan-update.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import { steadyOf } from "./steady.ts";

/** Plans what becomes of the slots that a service has: restarts, moves, starts and its update. */
export function planSlots(ctx: ServiceContext, slots: readonly Slot[], draft: Draft): void {
  const unsettled = slots.filter((slot) => !slot.steady && !steadyOf(slot, ctx.node));
  if (unsettled.length > 0) {
    planRestarts(ctx, unsettled, draft);
    planSurplus(ctx, unsettled, draft);
    planMoves(ctx, unsettled, slots, draft);
    planDrain(ctx, unsettled, slots, draft);
    planStarts(ctx, unsettled, draft);
  }
  planUpdate(ctx, slots, draft);
}
