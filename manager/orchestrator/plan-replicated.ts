import { assert } from "../../lib/assert.ts";
import type { Draft } from "./draft.ts";
import { planScale } from "./plan-scale.ts";
import { planSlots } from "./plan-slots.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slots } from "./slot.ts";

/** Plans a replicated service: its scale first, so that nothing is restarted only to go. */
export function planReplicated(ctx: ServiceContext, slots: Slots, draft: Draft): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicated", "a replicated service");
  const kept = planScale(ctx, slots, spec.replicated.replicas, draft);
  planSlots(ctx, kept, draft);
}
