import { assert } from "../../lib/assert.ts";
import type { Draft } from "./draft.ts";
import { planDrain } from "./plan-drain.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planScale } from "./plan-scale.ts";
import { planStarts } from "./plan-starts.ts";
import { planSurplus } from "./plan-surplus.ts";
import { planUpdate } from "./plan-update.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slots } from "./slot.ts";

/** Plans a replicated service: its scale first, so that nothing is restarted only to go. */
export function planReplicated(ctx: ServiceContext, slots: Slots, draft: Draft): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicated", "a replicated service");
  const kept = planScale(ctx, slots, spec.replicated.replicas, draft);
  planRestarts(ctx, kept, draft);
  planDrain(ctx, kept, draft);
  planSurplus(ctx, kept, draft);
  planStarts(ctx, kept, draft);
  planUpdate(ctx, kept, draft);
}
