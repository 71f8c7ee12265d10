import { sleep, type Clock } from "../../../lib/clock.ts";

/**
 * What all snapshots that a member sends may take together. They share the processor, the disk and
 * the network with heartbeats and appends, which must not wait behind them.
 */
export const SNAPSHOT_BYTES_PER_SECOND = 50 * 1024 * 1024;

const SECOND_MS = 1000;

/** Spreads bytes over time: so many a second, whoever spends them. */
export class Pace {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** When what was spent so far is paid off, monotonic ms. */
  #paidAt = -Infinity;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Resolves when the next bytes may follow these. */
  async spend(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    this.#paidAt = Math.max(this.#paidAt, now) + (bytes / this.#bytesPerSecond) * SECOND_MS;
    await sleep(this.#clock, this.#paidAt - now, signal);
  }
}
