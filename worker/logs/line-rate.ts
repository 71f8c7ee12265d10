import type { Clock } from "../../lib/clock.ts";

/**
 * Most that one task's log sends to one reader, bytes per second. Every line costs the leader's
 * processor, so one loud task must not have all of it; ten megabytes a second are promised to come
 * through and fit with room to spare.
 */
export const TASK_BYTES_PER_SECOND_MAX = 16 << 20;
/** What a task did not use is kept for later, up to so many seconds' worth. */
const UNUSED_SECONDS_MAX = 1;
/** Shortest wait: timers are no finer, and a wait for each line would cost more than the line. */
const WAIT_MS_MIN = 10;

/** Lets {@link TASK_BYTES_PER_SECOND_MAX} pass: a bucket that fills as time goes by. */
export class LineRate {
  readonly #clock: Clock;
  /** Bytes that may pass at once; below zero after more have. */
  #allowance = TASK_BYTES_PER_SECOND_MAX * UNUSED_SECONDS_MAX;
  #filledAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAt = clock.monotonic();
  }

  /** Counts `bytes`; returns how long to wait before any more may pass, milliseconds. */
  pass(bytes: number): number {
    this.#fill();
    this.#allowance -= bytes;
    if (this.#allowance >= 0) return 0;
    return Math.max(WAIT_MS_MIN, (-this.#allowance * 1000) / TASK_BYTES_PER_SECOND_MAX);
  }

  /** What a late timer lost comes back here, as it is time that counts. */
  #fill(): void {
    const now = this.#clock.monotonic();
    const filled = ((now - this.#filledAt) * TASK_BYTES_PER_SECOND_MAX) / 1000;
    const most = TASK_BYTES_PER_SECOND_MAX * UNUSED_SECONDS_MAX;
    this.#allowance = Math.min(most, this.#allowance + filled);
    this.#filledAt = now;
  }
}
