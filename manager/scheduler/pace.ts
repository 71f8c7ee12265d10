import type { Clock } from "../../lib/clock.ts";

/** How long one may go on before the event loop gets a turn. */
const SLICE_MS = 2;

/** Small steps between two looks at the clock. */
const STEPS_PER_LOOK = 32;

/** Cuts long work into slices that do not hold up the event loop. */
export class Pace {
  readonly #clock: Clock;
  #endsMs: number;
  #steps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsMs = clock.monotonic() + SLICE_MS;
  }

  /** Whether the slice is over. `isLong`: the last step may have taken long. */
  isOver(isLong: boolean): boolean {
    if (!isLong && ++this.#steps % STEPS_PER_LOOK !== 0) return false;
    return this.#clock.monotonic() >= this.#endsMs;
  }

  /** Gives the event loop its turn and begins the next slice. */
  async pause(): Promise<void> {
    await this.#clock.turn();
    this.#endsMs = this.#clock.monotonic() + SLICE_MS;
  }
}
