import { TaskState, UpdateStatusState, type Service } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { mayRestart } from "./restart-policy.ts";
import { placeTask, type ServiceContext } from "./service-context.ts";
import { BY_NUMBER, newestTask, slotAt, type Slot, type Slots } from "./slot.ts";
import type { ServiceSlots } from "./steady.ts";
import { stateOf } from "./task-state.ts";

/**
 * Brings the number of slots to `replicas`: new ones take the lowest free numbers, the ones that
 * go are those {@link bySeniority} puts last. Numbers never change.
 * @returns the slots that stay.
 */
export function planScale(
  ctx: ServiceContext,
  slots: Slots,
  replicas: number,
  draft: Draft,
): readonly Slot[] {
  const live: Slot[] = [];
  const dead: Slot[] = [];
  for (const slot of slots.values()) (holdsPlace(slot, ctx.service) ? live : dead).push(slot);
  const kept = live.length > replicas ? bySeniority(live).slice(0, replicas) : live;
  const numbers = new Set(kept.map((slot) => slot.slot));
  if (live.length > replicas) {
    for (const slot of live) if (!numbers.has(slot.slot)) discard(slot, draft);
  }
  for (let number = 1; kept.length < replicas && !draft.full; number++) {
    if (numbers.has(number)) continue;
    const slot = slotAt(slots, BY_NUMBER, number);
    placeTask(ctx, slot, draft);
    kept.push(slot);
    numbers.add(number);
  }
  for (const slot of dead) if (!numbers.has(slot.slot)) discard(slot, draft);
  return kept;
}

/** Whether nothing is to be made or taken away: the common case, and the quick one. */
export function isAtScale({ slots, others }: ServiceSlots, replicas: number): boolean {
  if (slots.size !== replicas) return false;
  for (const { wanted } of others) if (wanted.length === 0) return false;
  return true;
}

/**
 * Whether `slot` counts as one of the service's: something in it is meant to run, or what ran last
 * must not be restarted. During a rollback the latter is no reason to leave it empty.
 */
function holdsPlace(slot: Slot, service: Service): boolean {
  if (slot.wanted.length > 0) return true;
  if (service.updateStatus?.state === UpdateStatusState.ROLLBACK_STARTED) return false;
  const newest = newestTask(slot);
  if (!newest || newest.desiredState >= TaskState.REMOVE) return false;
  return !mayRestart(newest, slot, service);
}

/**
 * `slots` from the one that stays longest to the one that goes first: by their ordinal among the
 * slots on one node, so that crowded nodes lose first; before them go those without a node or
 * with several tasks. Among equals running ones stay, then low numbers.
 */
export function bySeniority(slots: readonly Slot[]): Slot[] {
  const sorted = slots
    .map((slot) => ({ slot, running: slot.wanted.some((t) => stateOf(t) === TaskState.RUNNING) }))
    .sort((a, b) => Number(b.running) - Number(a.running) || a.slot.slot - b.slot.slot);
  const perNode = new Map<string, number>();
  const ranked = sorted.map(({ slot }) => {
    const [task, ...others] = slot.wanted;
    if (!task || others.length > 0 || task.nodeId === "") return { slot, ordinal: Infinity };
    const ordinal = (perNode.get(task.nodeId) ?? 0) + 1;
    perNode.set(task.nodeId, ordinal);
    return { slot, ordinal };
  });
  // Infinity − Infinity is no number; equal ranks keep their order.
  ranked.sort((a, b) => (a.ordinal === b.ordinal ? 0 : a.ordinal - b.ordinal));
  return ranked.map(({ slot }) => slot);
}

/** Ends all tasks of a slot for good; the reaper takes them out when they have stopped. */
export function discard(slot: Slot, draft: Draft): void {
  for (const task of [...slot.wanted, ...slot.past]) {
    if (draft.full) return;
    draft.end(slot, task, TaskState.REMOVE);
  }
}
