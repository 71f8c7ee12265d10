import { assert } from "../../lib/assert.ts";
import type { Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { planDrain } from "./plan-drain.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planScale } from "./plan-scale.ts";
import { planStarts } from "./plan-starts.ts";
import { planSurplus } from "./plan-surplus.ts";
import { planUpdate } from "./plan-update.ts";
import type { ServiceContext } from "./service-context.ts";
import { groupBySlot } from "./slot.ts";

/** Plans a replicated service: its scale first, so that nothing is restarted only to go. */
export function planReplicated(ctx: ServiceContext, tasks: ReadonlySet<Task>, draft: Draft): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicated", "a replicated service");
  const slots = planScale(ctx, groupBySlot(tasks), spec.replicated.replicas, draft);
  planRestarts(ctx, slots, draft);
  planDrain(ctx, slots, draft);
  planSurplus(ctx, slots, draft);
  planStarts(ctx, slots, draft);
  planUpdate(ctx, slots, draft);
}
