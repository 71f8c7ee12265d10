import { onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Kind } from "./schema.ts";
import type { Store } from "./store.ts";
import type { StoreEvent, StoreView } from "./tables.ts";

/**
 * A controller: events mark, commits act. `mark` runs inside apply and only notes what is dirty;
 * `act` runs outside of it, plans on the current view and writes back through `store.update`.
 */
export interface Controller {
  /** Names the loop in logs and metrics. */
  readonly name: string;
  /** The kinds of objects it looks at: what happens to others neither marks nor wakes it. */
  readonly kinds: readonly Kind[];
  /**
   * Marks whatever needs a look in the state found at the start. `wake` leads to another `act`; it
   * is for controllers that also learn from elsewhere than the store.
   */
  init(view: StoreView, wake: () => void): void;
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
 * commits that concern it and whenever a wait it asked for is over. Commits that arrive while `act` runs are
 * taken together by the next call.
 */
export async function runController(
  controller: Controller,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const bell = new Bell();
  let cancelTimer: Cancel = () => {};
  const unsubscribe = store.onCommit(({ events }) => {
    let concerns = false;
    for (const event of events) {
      if (!controller.kinds.includes(event.kind)) continue;
      controller.mark(event);
      concerns = true;
    }
    if (concerns) bell.ring();
  });
  const release = onAbort(signal, () => bell.ring());
  try {
    controller.init(store.view, () => bell.ring());
    bell.ring();
    for (;;) {
      await bell.wait();
      if (signal.aborted) return;
      const wait = await controller.act(signal);
      if (wait === undefined) continue;
      cancelTimer();
      cancelTimer = clock.after(Math.max(0, wait), () => bell.ring());
    }
  } finally {
    release();
    unsubscribe();
    cancelTimer();
  }
}
