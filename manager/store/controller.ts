import { onAbort } from "../../lib/abort.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Store } from "./store.ts";
import type { StoreEvent, StoreView } from "./tables.ts";

/**
 * A controller: events mark, commits act. `mark` runs inside apply and only notes what is dirty;
 * `act` runs outside of it, plans on the current view and writes back through `store.update`.
 */
export interface Controller {
  /** Names the loop in logs and metrics. */
  readonly name: string;
  /** Marks whatever needs a look in the state found at the start. */
  init(view: StoreView): void;
  /** Notes what `event` makes dirty. No I/O, no writes. */
  mark(event: StoreEvent): void;
  /**
   * Works off what is marked, and what has become due. What is marked meanwhile leads to another
   * call.
   * @returns milliseconds until it wants to be called without a new event; undefined = not.
   */
  act(signal: AbortSignal): Promise<number | undefined>;
}

/**
 * Runs `controller` until `signal` aborts: `act` once at the start, then after every batch of
 * commits and whenever a wait it asked for is over. Commits that arrive while `act` runs are
 * taken together by the next call.
 */
export async function runController(
  controller: Controller,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const doorbell = new Doorbell(clock);
  const unsubscribe = store.onCommit(({ events }) => {
    for (const event of events) controller.mark(event);
    doorbell.ring();
  });
  const release = onAbort(signal, () => doorbell.ring());
  try {
    controller.init(store.view);
    doorbell.ring();
    for (;;) {
      await doorbell.wait();
      if (signal.aborted) return;
      const wait = await controller.act(signal);
      if (wait !== undefined) doorbell.ringAfter(wait);
    }
  } finally {
    release();
    unsubscribe();
    doorbell.close();
  }
}

/** A level-triggered wake-up: any number of rings before a wait end that wait once. */
class Doorbell {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | undefined;
  #cancel: Cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Rings once after `ms`, in place of an earlier appointment. */
  ringAfter(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(Math.max(0, ms), () => this.ring());
  }

  async wait(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#rung = false;
  }

  close(): void {
    this.#cancel();
  }
}
