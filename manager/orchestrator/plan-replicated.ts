import { assert } from "../../lib/assert.ts";
import type { Draft } from "./draft.ts";
import { isAtScale, planScale } from "./plan-scale.ts";
import { planSlots } from "./plan-slots.ts";
import type { ServiceContext } from "./service-context.ts";
import { unsorted, type ServiceSlots } from "./steady.ts";

/** Plans a replicated service: its scale first, so that nothing is restarted only to go. */
export function planReplicated(ctx: ServiceContext, table: ServiceSlots, draft: Draft): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicated", "a replicated service");
  const { replicas } = spec.replicated;
  if (isAtScale(table, replicas)) planSlots(ctx, table, draft);
  else planSlots(ctx, unsorted(planScale(ctx, table.slots, replicas, draft)), draft);
}
