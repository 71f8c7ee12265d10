import { assert } from "../../lib/assert.ts";
import { NodeAvailability, NodeState } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import type { Draft } from "./draft.ts";
import { presentRun, runNumber } from "./job-runs.ts";
import { belongsOn, endAll } from "./plan-global.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import { mayRestart } from "./restart-policy.ts";
import { placeTask, type ServiceContext } from "./service-context.ts";
import { BY_NODE, BY_NUMBER, newestTask, slotAt, type Slot } from "./slot.ts";
import type { ServiceSlots } from "./steady.ts";
import { endedByItself, indexOf, isCompleted } from "./task-state.ts";

/**
 * Plans a replicated job: so many slots, numbered from 1, have to complete once; at most
 * `max_concurrent` at a time. Failures are the restart policy's matter; a slot it is done with
 * stays as it is. A new run ends what is left of the one before.
 */
export function planReplicatedJob(
  ctx: ServiceContext,
  { slots }: ServiceSlots,
  draft: Draft,
): void {
  const { spec } = ctx.service;
  assert(spec?.mode === "replicatedJob", "a replicated job");
  const run = presentRun(ctx, slots, BY_NUMBER, draft);
  planRestarts(ctx, run.values(), draft);
  planStarts(ctx, run.values(), draft);
  if (!hasRun(ctx)) return;
  const { maxConcurrent, totalCompletions } = spec.replicatedJob;
  let free = maxConcurrent - [...run.values()].filter(isActive).length;
  for (let number = 1; number <= totalCompletions && free > 0 && !draft.full; number++) {
    const slot = slotAt(run, BY_NUMBER, number);
    if (slot.wanted.length > 0 || isDoneWith(ctx, slot)) continue;
    placeTask(ctx, slot, draft);
    free--;
  }
}

/**
 * Plans a global job: one completion on each node that is ready, active and meets the constraints,
 * also on one that joins while the run is the latest.
 */
export function planGlobalJob(
  ctx: ServiceContext,
  { slots }: ServiceSlots,
  draft: Draft,
  view: StoreView,
): void {
  const run = presentRun(ctx, slots, BY_NODE, draft);
  for (const node of view.node.all()) {
    const slot = slotAt(run, BY_NODE, node.id);
    if (!belongsOn(ctx, node)) {
      endUnfinished(slot, draft);
      continue;
    }
    planRestarts(ctx, [slot], draft);
    planStarts(ctx, [slot], draft);
    const open =
      node.spec?.availability === NodeAvailability.ACTIVE && node.status?.state === NodeState.READY;
    if (!open || !hasRun(ctx) || draft.full) continue;
    if (slot.wanted.length === 0 && !isDoneWith(ctx, slot)) placeTask(ctx, slot, draft);
  }
  for (const slot of run.values()) if (!view.node.get(slot.nodeId)) endUnfinished(slot, draft);
}

/** Whether the job was ever told to run; one with a schedule waits for its time. */
function hasRun({ service }: ServiceContext): boolean {
  return (service.jobStatus?.lastExecutionMs ?? 0) > 0 || service.spec?.schedule === null;
}

function endUnfinished(slot: Slot, draft: Draft): void {
  if (!slot.wanted.every(isCompleted)) endAll(slot, draft);
}

/** Whether the slot's task is still to complete. */
function isActive(slot: Slot): boolean {
  return slot.wanted.some((task) => !isCompleted(task));
}

/** Whether the restart policy gave the slot up in this run. */
function isDoneWith({ service }: ServiceContext, slot: Slot): boolean {
  const last = newestTask(slot);
  if (!last || indexOf(last.jobIteration) !== runNumber(service)) return false;
  return endedByItself(last) && !mayRestart(last, slot, service);
}
