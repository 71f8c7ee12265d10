import { setImmediate } from "node:timers/promises";
import { assert } from "../../lib/assert.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Event-loop turns given to promise chains between two timers. */
const TURNS_PER_STEP = 4;

/** Steps given to promise chains when no timer is left to wait for. */
const IDLE_STEPS_MAX = 1_000;

/**
 * Virtual time: nothing moves until a test moves it, and timers fire in the order of their times.
 * Between two timers, promise chains started by the first run on.
 */
export class SimClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;
  #order = 0;

  /** Starts at `epoch`, milliseconds since the Unix epoch. */
  constructor(epoch = 1_700_000_000_000) {
    this.#now = epoch;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  turn(): Promise<void> {
    return setImmediate();
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward by `ms`, firing what becomes due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(); next && next.at <= end; next = this.#next())
      await this.#step(next);
    this.#now = end;
    await settle();
  }

  /**
   * Moves time from timer to timer until `condition` holds, at most `limitMs` of virtual time.
   * @returns milliseconds it took; fails when the limit passes first.
   */
  async until(condition: () => boolean, limitMs: number): Promise<number> {
    const start = this.#now;
    await settle();
    for (let idle = 0; !condition();) {
      const next = this.#next();
      if (!next && idle++ < IDLE_STEPS_MAX) {
        await settle();
        continue;
      }
      assert(next && next.at <= start + limitMs, `condition holds within ${limitMs} ms`);
      await this.#step(next);
    }
    return this.#now - start;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      const sooner = !first || timer.at < first.at;
      if (sooner || (timer.at === first?.at && timer.order < first.order)) first = timer;
    }
    return first;
  }

  async #step(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
    await settle();
  }
}

/** Lets promise chains that need no timer run to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_PER_STEP; turn++) await setImmediate();
}
