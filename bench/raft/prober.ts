import { sleep, type Clock } from "../../lib/clock.ts";
import type { PutClient } from "./put-client.ts";

/** An attempt that takes longer is given up, and the next member is asked. */
const ATTEMPT_MS = 300;

/** Pause after an attempt that failed. */
const PAUSE_MS = 5;

/** One client that writes all the time, and goes to the next member when one fails it. */
export class Prober {
  readonly #clients: readonly PutClient[];
  readonly #clock: Clock;
  readonly #nextNumber: () => number;
  readonly #restMs: number;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #target = 0;
  #lastSuccess: number;
  #longestGapMs = 0;
  /** Numbers whose write was confirmed. */
  readonly acknowledged: number[] = [];

  /** @param restMs pause after a write that was confirmed */
  constructor(clients: readonly PutClient[], clock: Clock, nextNumber: () => number, restMs = 0) {
    this.#clients = clients;
    this.#clock = clock;
    this.#nextNumber = nextNumber;
    this.#restMs = restMs;
    this.#lastSuccess = clock.monotonic();
    this.#done = this.#run();
  }

  /** When the last write was confirmed. */
  get lastSuccess(): number {
    return this.#lastSuccess;
  }

  /** Ends; the longest time between two confirmed writes, in milliseconds. */
  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#done;
    return this.#longestGapMs;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const number = this.#nextNumber();
      const client = this.#clients[this.#target] as PutClient;
      const failed = await client.put(number, ATTEMPT_MS).then(
        () => false,
        () => true,
      );
      if (failed) await this.#next();
      else await this.#confirmed(number);
    }
  }

  async #next(): Promise<void> {
    this.#target = (this.#target + 1) % this.#clients.length;
    await sleep(this.#clock, PAUSE_MS, this.#stop.signal).catch(() => {});
  }

  async #confirmed(number: number): Promise<void> {
    const now = this.#clock.monotonic();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastSuccess);
    this.#lastSuccess = now;
    this.acknowledged.push(number);
    if (this.#restMs > 0) await sleep(this.#clock, this.#restMs, this.#stop.signal).catch(() => {});
  }
}
