import type { Draft } from "./draft.ts";
import { planDrain } from "./plan-drain.ts";
import { planMoves } from "./plan-moves.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import { planSurplus } from "./plan-surplus.ts";
import { planUpdate } from "./plan-update.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import { steadyOf, type SortedSlots } from "./steady.ts";

/** Plans what becomes of the slots that a service has: restarts, moves, starts and its update. */
export function planSlots(ctx: ServiceContext, slots: SortedSlots, draft: Draft): void {
  const unsettled: Slot[] = [];
  for (const slot of slots.others)
    if (!slot.steady && !steadyOf(slot, ctx.node)) unsettled.push(slot);
  if (unsettled.length > 0) {
    planRestarts(ctx, unsettled, draft);
    planSurplus(ctx, unsettled, draft);
    const { all } = slots;
    planMoves(ctx, unsettled, all, draft);
    planDrain(ctx, unsettled, all, draft);
    planStarts(ctx, unsettled, draft);
  }
  planUpdate(ctx, slots, draft);
}
