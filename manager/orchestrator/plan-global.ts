import { NodeAvailability, TaskState, type Node } from "../../proto/generated.ts";
import { nodeFits } from "../constraint/constraint.ts";
import type { StoreView } from "../store/tables.ts";
import type { Draft } from "./draft.ts";
import { planSlots } from "./plan-slots.ts";
import { planStarts } from "./plan-starts.ts";
import { planSucceeded } from "./plan-surplus.ts";
import { mayRestart } from "./restart-policy.ts";
import { placeTask, type ServiceContext } from "./service-context.ts";
import { BY_NODE, newestTask, slotAt, type Slot } from "./slot.ts";
import { unsorted, type ServiceSlots } from "./steady.ts";
import { endedByItself, isDrained, isLost } from "./task-state.ts";

/**
 * Plans a global service: one task on each node that is up, not drained and meets the constraints.
 * Paused nodes keep what they have, and start what they prepared; tasks of nodes that are gone go
 * with them.
 */
export function planGlobal(
  ctx: ServiceContext,
  { slots }: ServiceSlots,
  draft: Draft,
  view: StoreView,
): void {
  const kept: Slot[] = [];
  for (const node of view.node.all()) {
    const slot = slotAt(slots, BY_NODE, node.id);
    if (!belongsOn(ctx, node)) endAll(slot, draft);
    else if (node.spec?.availability === NodeAvailability.PAUSE) planPaused(ctx, slot, draft);
    else kept.push(fill(ctx, slot, draft));
  }
  for (const slot of slots.values()) if (!view.node.get(slot.nodeId)) forget(slot, draft);
  planSlots(ctx, unsorted(kept), draft);
}

/** What was begun is brought to its end. */
function planPaused(ctx: ServiceContext, slot: Slot, draft: Draft): void {
  planStarts(ctx, [slot], draft);
  planSucceeded(ctx, slot, draft);
}

/** Whether the service has a place on `node`. */
export function belongsOn(ctx: ServiceContext, node: Node): boolean {
  const constraints = ctx.service.spec?.task?.placement?.constraints ?? [];
  return !isLost(node) && !isDrained(node) && nodeFits(node, constraints);
}

/** Gives an empty slot its task, unless the restart policy was done with it there. */
function fill(ctx: ServiceContext, slot: Slot, draft: Draft): Slot {
  if (slot.wanted.length > 0 || draft.full) return slot;
  const last = newestTask(slot);
  const done = last && endedByItself(last) && !mayRestart(last, slot, ctx.service);
  if (!done) placeTask(ctx, slot, draft);
  return slot;
}

/** Ends what runs in `slot` for good. */
export function endAll(slot: Slot, draft: Draft): void {
  for (const task of slot.wanted) {
    if (draft.full) return;
    draft.end(slot, task, TaskState.SHUTDOWN);
  }
}

/** Takes out the tasks of a node that is not there any more. */
function forget(slot: Slot, draft: Draft): void {
  for (const task of [...slot.wanted, ...slot.past]) {
    if (draft.full) return;
    draft.remove(task);
  }
}
