import { ChangeKind, type Task } from "../../proto/generated.ts";
import {
  emptySlot,
  groupTasks,
  type Slot,
  type SlotKey,
  type SlotRule,
  type Slots,
} from "./slot.ts";
import { steadyOf } from "./steady.ts";
import { isWanted, type NodeLookup } from "./task-state.ts";

/**
 * The slots of one service, kept up to date task by task: to sort ten thousand tasks anew for each
 * plan would take longer than all the rest of it.
 */
export class SlotTable {
  readonly #rule: SlotRule;
  readonly #node: NodeLookup;
  readonly #slots: Map<SlotKey, Slot>;

  constructor(tasks: Iterable<Task>, rule: SlotRule, node: NodeLookup) {
    this.#rule = rule;
    this.#node = node;
    this.#slots = groupTasks(tasks, rule);
    for (const slot of this.#slots.values()) slot.steady = steadyOf(slot, node);
  }

  /** The slots as of the last change. */
  get slots(): Slots {
    return this.#slots;
  }

  /** Takes in one change of a task of the service. */
  apply(change: ChangeKind, old: Task | undefined, task: Task): void {
    if (old) this.#drop(old);
    if (change !== ChangeKind.REMOVE) this.#add(task);
    this.review(task);
  }

  /** Looks anew at the slot of a task: the task has changed, or its node. */
  review(task: Task): void {
    const slot = this.#slots.get(this.#rule.keyOf(task));
    if (slot) slot.steady = steadyOf(slot, this.#node);
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
    // The slot of a task that changes is filled again at once: only a removal leaves it empty.
    if (slot.wanted.length === 0 && slot.past.length === 0) this.#slots.delete(key);
  }
}
