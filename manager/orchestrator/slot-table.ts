import { ChangeKind, type Task } from "../../proto/generated.ts";
import {
  emptySlot,
  groupTasks,
  type Slot,
  type SlotKey,
  type SlotRule,
  type Slots,
} from "./slot.ts";
import {
  isSameNote,
  steadyOf,
  type ServiceSlots,
  type Steady,
  type SteadyGroup,
} from "./steady.ts";
import { isWanted, type NodeLookup } from "./task-state.ts";

/**
 * The slots of one service, kept up to date task by task, and those that are alike together: to
 * sort ten thousand tasks anew for each plan would take longer than all the rest of it.
 */
export class SlotTable implements ServiceSlots {
  readonly #rule: SlotRule;
  readonly #node: NodeLookup;
  readonly #slots: Map<SlotKey, Slot>;
  readonly #groups = new Map<string, Group>();
  readonly #others = new Set<Slot>();

  constructor(tasks: Iterable<Task>, rule: SlotRule, node: NodeLookup) {
    this.#rule = rule;
    this.#node = node;
    this.#slots = groupTasks(tasks, rule);
    for (const slot of this.#slots.values()) this.#note(slot);
  }

  /** The slots as of the last change. */
  get slots(): Slots {
    return this.#slots;
  }

  get all(): readonly Slot[] {
    return [...this.#slots.values()];
  }

  get groups(): Iterable<SteadyGroup> {
    return this.#groups.values();
  }

  /** Slots that are not steady. */
  get others(): Iterable<Slot> {
    return this.#others;
  }

  /** Takes in one change of a task of the service. */
  apply(change: ChangeKind, old: Task | undefined, task: Task): void {
    const gone = change === ChangeKind.REMOVE;
    if (old && (gone || !this.#replace(old, task))) this.#drop(old);
    else if (old) return;
    if (!gone) this.#add(task);
    this.review(task);
  }

  /** Looks anew at the slot of a task: the task has changed, or its node. */
  review(task: Task): void {
    const slot = this.#slots.get(this.#rule.keyOf(task));
    if (slot) this.#note(slot);
  }

  /** The usual change: the only task that a slot is meant to have takes its next step. */
  #replace(old: Task, task: Task): boolean {
    const key = this.#rule.keyOf(task);
    if (!isWanted(old) || !isWanted(task) || key !== this.#rule.keyOf(old)) return false;
    const slot = this.#slots.get(key);
    if (slot?.wanted.length !== 1 || slot.wanted[0]?.id !== task.id) return false;
    slot.wanted = [task];
    this.#note(slot);
    return true;
  }

  #add(task: Task): void {
    const key = this.#rule.keyOf(task);
    let slot = this.#slots.get(key);
    if (!slot) this.#slots.set(key, (slot = emptySlot(this.#rule.placeOf(key))));
    if (isWanted(task)) slot.wanted = [...slot.wanted, task];
    else slot.past = [...slot.past, task];
  }

  #drop(task: Task): void {
    const key = this.#rule.keyOf(task);
    const slot = this.#slots.get(key);
    if (!slot) return;
    if (isWanted(task)) slot.wanted = slot.wanted.filter((other) => other.id !== task.id);
    else slot.past = slot.past.filter((other) => other.id !== task.id);
    if (slot.wanted.length > 0 || slot.past.length > 0) return this.#note(slot);
    this.#leave(slot);
    this.#slots.delete(key);
  }

  #note(slot: Slot): void {
    const note = steadyOf(slot, this.#node);
    if (note && slot.steady && isSameNote(note, slot.steady)) return;
    this.#leave(slot);
    if (!note) {
      this.#others.add(slot);
      return;
    }
    const key = keyOf(note);
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = { ...note, slots: new Set() }));
    group.slots.add(slot);
    slot.steady = group;
  }

  #leave(slot: Slot): void {
    this.#others.delete(slot);
    if (!slot.steady) return;
    const key = keyOf(slot.steady);
    const group = this.#groups.get(key);
    group?.slots.delete(slot);
    if (group?.slots.size === 0) this.#groups.delete(key);
    slot.steady = undefined;
  }
}

interface Group extends SteadyGroup {
  readonly slots: Set<Slot>;
}

function keyOf({ version, update, settledAtMs, hasPast, isRunning }: Steady): string {
  return `${version}/${update}/${settledAtMs}/${hasPast}/${isRunning}`;
}
