import type { Clock } from "../lib/clock.ts";
import { percentile } from "./report.ts";

/** Times every turn of the event loop until it is stopped. */
export class TurnGauge {
  readonly #clock: Clock;
  readonly #turnsMs: number[] = [];
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    let last = clock.monotonic();
    const turn = (): void => {
      const now = this.#clock.monotonic();
      this.#turnsMs.push(now - last);
      last = now;
      if (!this.#stopped) setImmediate(turn);
    };
    setImmediate(turn);
  }

  stop(): { readonly longestMs: number; readonly p999Ms: number } {
    this.#stopped = true;
    const longestMs = percentile(this.#turnsMs, 100) ?? 0;
    return { longestMs, p999Ms: percentile(this.#turnsMs, 99.9) ?? 0 };
  }
}
