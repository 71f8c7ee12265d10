import { TaskState } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import type { ServiceContext } from "./service-context.ts";
import type { Slot } from "./slot.ts";
import type { SortedSlots, SteadyGroup } from "./steady.ts";
import { indexOf, stateOf } from "./task-state.ts";
import { runningUpdate } from "./update-origin.ts";
import type { UpdateOptions } from "./update-options.ts";
import {
  handoverOf,
  isOutOfDate,
  verdictOn,
  type PlanOfUpdate,
  type UpdateFailure,
  type Verdict,
} from "./update-verdict.ts";

/** How far an update is: all of it read from the tasks. */
export interface UpdateProgress {
  /** Slots that were out of date when the update began. */
  readonly total: number;
  /** Slots not begun yet. */
  readonly waiting: WaitingSlots;
  /** Slots begun whose task does not run yet, or whose delay is not over. */
  readonly busy: number;
  readonly failures: readonly UpdateFailure[];
  /** When the last slot was done; −Infinity when none is. */
  readonly lastDoneAt: number;
}

/** Slots that an update has yet to begin, counted long before they are looked at. */
export class WaitingSlots {
  readonly #slots: Slot[] = [];
  readonly #groups: SteadyGroup[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(slot: Slot): void {
    this.#slots.push(slot);
    this.#size++;
  }

  addGroup(group: SteadyGroup): void {
    this.#groups.push(group);
    this.#size += group.slots.size;
  }

  /** Those without a running task first, then by number: they have nothing to lose. */
  inOrder(): readonly Slot[] {
    const idle: Slot[] = [];
    const running: Slot[] = [];
    for (const { isRunning, slots } of this.#groups)
      for (const slot of slots) (isRunning ? running : idle).push(slot);
    for (const slot of this.#slots) (hasRunning(slot) ? running : idle).push(slot);
    return [...idle.sort(byNumber), ...running.sort(byNumber)];
  }
}

function byNumber(a: Slot, b: Slot): number {
  return a.slot - b.slot;
}

function hasRunning({ wanted }: Slot): boolean {
  for (const task of wanted) if (stateOf(task) === TaskState.RUNNING) return true;
  return false;
}

/**
 * Reads the progress of the running update from the slots. Notes in `draft` when each task was
 * first seen running, and when to look again.
 */
export function readProgress(
  ctx: ServiceContext,
  slots: SortedSlots,
  options: UpdateOptions,
  draft: Draft,
): UpdateProgress {
  const tally = new Tally(ctx, { options, draft });
  for (const group of slots.groups) tally.addGroup(group);
  for (const slot of slots.others) tally.addSlot(slot);
  return tally;
}

/** Adds up what became of each slot. */
class Tally implements UpdateProgress {
  readonly waiting = new WaitingSlots();
  readonly failures: UpdateFailure[] = [];
  busy = 0;
  lastDoneAt = -Infinity;
  readonly #ctx: ServiceContext;
  readonly #plan: PlanOfUpdate;
  readonly #update: number;
  #begun = 0;

  constructor(ctx: ServiceContext, plan: PlanOfUpdate) {
    this.#ctx = ctx;
    this.#plan = plan;
    this.#update = runningUpdate(ctx.service);
  }

  get total(): number {
    return this.#begun + this.waiting.size;
  }

  /** The same as each of its slots, without a look at them where their note says enough. */
  addGroup(group: SteadyGroup): void {
    const { update, settledAtMs, hasPast, slots } = group;
    const isMade = update === this.#update;
    if (isMade && settledAtMs !== 0) return this.#count({ doneAt: settledAtMs }, slots.size);
    const isWaiting = isMade || hasPast ? undefined : isGroupOutOfDate(this.#ctx, group);
    if (isWaiting) this.waiting.addGroup(group);
    if (isWaiting === undefined) for (const slot of slots) this.addSlot(slot);
  }

  addSlot(slot: Slot): void {
    const verdict = verdictOn(this.#ctx, slot, this.#update, this.#plan);
    const handover = verdict ? undefined : handoverOf(this.#ctx, slot, this.#plan);
    // Only one that takes too long is the update's matter.
    const judged = verdict ?? (handover?.failure ? handover : undefined);
    if (judged) this.#count(judged, 1);
    else if (isOutOfDate(this.#ctx, slot)) this.waiting.add(slot);
    else if (handover) this.busy++;
  }

  #count({ doneAt, failure }: Verdict, slots: number): void {
    const { options, draft } = this.#plan;
    this.#begun += slots;
    if (failure) this.failures.push(failure);
    if (doneAt === undefined || doneAt + options.delayMs > this.#ctx.now) {
      this.busy += slots;
      if (doneAt !== undefined) draft.wake(doneAt + options.delayMs);
    }
    if (doneAt !== undefined) this.lastDoneAt = Math.max(this.lastDoneAt, doneAt);
  }
}

/** Whether some slot is out of date. */
export function isAnyOutOfDate(ctx: ServiceContext, { groups, others }: SortedSlots): boolean {
  for (const group of groups) {
    const isOld = isGroupOutOfDate(ctx, group);
    if (isOld) return true;
    if (isOld !== undefined) continue;
    for (const slot of group.slots) if (isOutOfDate(ctx, slot)) return true;
  }
  for (const slot of others) if (isOutOfDate(ctx, slot)) return true;
  return false;
}

/** {@link isOutOfDate} of all slots of a group; undefined where each has to be looked at. */
function isGroupOutOfDate(ctx: ServiceContext, group: SteadyGroup): boolean | undefined {
  const current = indexOf(ctx.service.specVersion);
  if (current >= 0 && group.version === current) return false;
  if (group.hasPast) return undefined;
  for (const { wanted } of group.slots) for (const task of wanted) return ctx.isDirty.alike(task);
  return undefined;
}
