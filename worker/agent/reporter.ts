import { onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { TaskState, type Task, type TaskStatus } from "../../proto/generated.ts";
import type { TaskStatusUpdate } from "../../proto/generated.ts";

/** Statuses in one call. */
const REPORT_BATCH_MAX = 1_024;

/** From the beginning of one call to that of the next: many tasks that start share a call. */
const REPORT_PERIOD_MS = 50;

/**
 * The same where nothing that is new is urgent: nothing waits for it but people who look. Each call is
 * a commit of the managers, and many tasks that start take several steps each.
 */
const PROGRESS_PERIOD_MS = 250;

/** Whether a task is still to come to run, as far as it may. */
function isUnderWay(state: TaskState, desired: TaskState): boolean {
  return state < TaskState.RUNNING && state < desired;
}

/**
 * Whether a task has ended that the managers make up for or wait for. The end of one that is to be
 * removed only makes room.
 */
function isMissed(state: TaskState, desired: TaskState): boolean {
  return state > TaskState.RUNNING && desired < TaskState.REMOVE;
}

/** Hands statuses to the leader; resolves when it has them. */
export type SendStatuses = (updates: readonly TaskStatusUpdate[]) => Promise<void>;

/**
 * Brings task statuses to the managers. Only the latest of each task counts. The first one goes at
 * once; while a call is on its way, and for a moment after it began, the next batch gathers: longer
 * until a task has ended that is missed, or the last of those under way runs. What was not
 * acknowledged stays until it is.
 */
export class Reporter {
  readonly #clock: Clock;
  readonly #bell = new Bell();
  #pending = new Map<string, TaskStatus>();
  /** Tasks of this node that are still to run: the managers hear of them together. */
  readonly #underWay = new Set<string>();
  /** The managers may wait to hear what is new. */
  #isUrgent = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a status of the task to be reported. */
  report({ id, desiredState }: Task, status: TaskStatus): void {
    this.#pending.set(id, status);
    if (isUnderWay(status.state, desiredState)) this.#underWay.add(id);
    else this.#underWay.delete(id);
    const isLast = status.state === TaskState.RUNNING && this.#underWay.size === 0;
    if (isLast || isMissed(status.state, desiredState)) this.#isUrgent = true;
    this.#bell.ring();
  }

  /** Nothing more is to be said of the task. */
  forget(taskId: string): void {
    this.#pending.delete(taskId);
    this.#underWay.delete(taskId);
  }

  /** Sends whatever is noted, until `signal` aborts or a call fails, which is thrown. */
  async run(send: SendStatuses, signal: AbortSignal): Promise<void> {
    const release = onAbort(signal, () => this.#bell.ring());
    try {
      for (;;) {
        if (this.#pending.size === 0) await this.#bell.wait();
        signal.throwIfAborted();
        if (this.#pending.size === 0) continue;
        const began = this.#clock.monotonic();
        await this.#sendBatch(send);
        const waitMs = began + REPORT_PERIOD_MS - this.#clock.monotonic();
        if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
        await this.#gather(began + PROGRESS_PERIOD_MS, signal);
      }
    } finally {
      release();
    }
  }

  /** Waits until `until`, on the monotonic clock, or for something that is urgent. */
  async #gather(until: number, signal: AbortSignal): Promise<void> {
    let isOver = false;
    const cancel = this.#clock.after(Math.max(0, until - this.#clock.monotonic()), () => {
      isOver = true;
      this.#bell.ring();
    });
    while (!isOver && !this.#isUrgent && !signal.aborted) await this.#bell.wait();
    cancel();
    signal.throwIfAborted();
  }

  async #sendBatch(send: SendStatuses): Promise<void> {
    const batch = [...this.#pending].slice(0, REPORT_BATCH_MAX);
    for (const [taskId] of batch) this.#pending.delete(taskId);
    this.#isUrgent = this.#pending.size > 0;
    try {
      await send(batch.map(([taskId, status]) => ({ taskId, status })));
    } catch (error) {
      this.#isUrgent = true;
      for (const [taskId, status] of batch) {
        if (!this.#pending.has(taskId)) this.#pending.set(taskId, status);
      }
      throw error;
    }
  }
}
