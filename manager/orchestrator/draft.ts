import { assert } from "../../lib/assert.ts";
import { codec } from "../../proto/codec.ts";
import type { Service, Task, TaskSpec, TaskState } from "../../proto/generated.ts";
import type { Slot } from "./slot.ts";

/**
 * Objects changed by one transaction. Planning, encoding and applying it are each one stretch of the
 * event loop: with 350 the loop kept others waiting twice as long (`loop-delay/10k`: p99 of 36 to 48 ms
 * against 15 to 18), with 100 a rolling update of 10,000 replicas takes longer for nothing.
 */
export const TRANSACTION_CHANGES_MAX = 128;

/** Estimated size of one transaction, well below what the store refuses. */
export const TRANSACTION_SIZE_MAX_BYTES = 1 << 20;

/** What a task takes beside its specification. */
const TASK_OVERHEAD_BYTES = 512;

const specSizes = new WeakMap<TaskSpec, number>();

function sizeOf(task: Task): number {
  if (!task.spec) return TASK_OVERHEAD_BYTES;
  let size = specSizes.get(task.spec);
  if (size === undefined) {
    size = codec("TaskSpec").encode(task.spec).length;
    specSizes.set(task.spec, size);
  }
  return size + TASK_OVERHEAD_BYTES;
}

/**
 * The changes of one transaction while plans write them down. Plans look at {@link Draft.full}
 * before each step and stop there; what is left is found again by the next run on a fresh view.
 */
export class Draft {
  readonly #creates = new Set<Task>();
  readonly #updates = new Map<string, Task>();
  readonly #services = new Map<string, Service>();
  readonly #removals = new Map<string, Task>();
  readonly #goneServices = new Map<string, Service>();
  readonly #changesMax: number;
  readonly #touched = new Map<Slot, Pick<Slot, "wanted" | "past" | "steady">>();
  #bytes = 0;
  #wakeAt = Infinity;
  #awaitsRunning = false;

  constructor(changesMax: number = TRANSACTION_CHANGES_MAX) {
    this.#changesMax = changesMax;
  }

  /** New tasks, without ids. */
  get creates(): ReadonlySet<Task> {
    return this.#creates;
  }

  /** Stored tasks in their new form. */
  get updates(): Iterable<Task> {
    return this.#updates.values();
  }

  /** Stored tasks to take out. */
  get removals(): Iterable<Task> {
    return this.#removals.values();
  }

  /** Stored services in their new form. */
  get services(): Iterable<Service> {
    return this.#services.values();
  }

  /** Services to take out. */
  get goneServices(): Iterable<Service> {
    return this.#goneServices.values();
  }

  /** How many objects the transaction touches. */
  get size(): number {
    const tasks = this.#creates.size + this.#updates.size + this.#removals.size;
    return tasks + this.#services.size + this.#goneServices.size;
  }

  /** Whether the transaction takes no further step. */
  get full(): boolean {
    return this.size >= this.#changesMax || this.#bytes >= TRANSACTION_SIZE_MAX_BYTES;
  }

  /** Earliest time at which a plan has something to do without a new event; Infinity = never. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /** Whether a plan has to hear of tasks that reach RUNNING, not only of those that end. */
  get awaitsRunning(): boolean {
    return this.#awaitsRunning;
  }

  /** Asks for another run at `time`. */
  wake(time: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, time);
  }

  /** Asks for another run when a task reaches RUNNING. */
  awaitRunning(): void {
    this.#awaitsRunning = true;
  }

  /** Forgets the wishes of the plan before; changes stay. Called between services. */
  clearWishes(): void {
    this.#wakeAt = Infinity;
    this.#awaitsRunning = false;
  }

  /** Makes `task` in `slot`. */
  create(slot: Slot, task: Task): void {
    this.#creates.add(task);
    this.#bytes += sizeOf(task);
    this.#touch(slot);
    slot.wanted = [...slot.wanted, task];
  }

  /** Replaces `old`, a wanted task of `slot`, by `task`, the same task in its new form. */
  replace(slot: Slot, old: Task, task: Task): void {
    this.#touch(slot);
    slot.wanted = slot.wanted.map((other) => (other === old ? task : other));
    this.#write(old, task);
  }

  /** Moves a task's desired state up to `desired`, which ends it. */
  end(slot: Slot, task: Task, desired: TaskState): void {
    if (task.desiredState >= desired) return;
    const ended = { ...task, desiredState: desired };
    this.#touch(slot);
    slot.wanted = slot.wanted.filter((other) => other !== task);
    slot.past = [...slot.past.filter((other) => other !== task), ended];
    this.#write(task, ended);
  }

  /** As {@link end}, for a task outside of the slots that a plan looks at. */
  endStray(task: Task, desired: TaskState): void {
    this.#write(task, { ...task, desiredState: desired });
  }

  /**
   * Puts every slot back as it was found: the changes come true when the transaction is applied.
   * To be called when all plans are done.
   */
  restoreSlots(): void {
    for (const [slot, { wanted, past, steady }] of this.#touched) {
      slot.wanted = wanted;
      slot.past = past;
      slot.steady = steady;
    }
    this.#touched.clear();
  }

  /** Takes a stored task out of the store. */
  remove(task: Task): void {
    this.#updates.delete(task.id);
    this.#removals.set(task.id, task);
  }

  updateService(service: Service): void {
    this.#services.set(service.id, service);
  }

  removeService(service: Service): void {
    this.#goneServices.set(service.id, service);
  }

  #touch(slot: Slot): void {
    if (this.#touched.has(slot)) return;
    const { wanted, past, steady } = slot;
    this.#touched.set(slot, { wanted, past, steady });
    slot.steady = undefined;
  }

  #write(old: Task, task: Task): void {
    if (this.#creates.delete(old)) {
      this.#creates.add(task);
      return;
    }
    assert(task.id !== "", "a task that is not being made is stored");
    if (!this.#updates.has(task.id)) this.#bytes += sizeOf(task);
    this.#updates.set(task.id, task);
  }
}
