import { setTimeout as nodeSetTimeout } from "node:timers";
import { performance } from "node:perf_hooks";

/** Stops a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * Time as seen by every shell. Production has {@link systemClock}; simulations pass their own, so
 * that a whole cluster can run in virtual time.
 */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. For stamps shown to people. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary start. For intervals, leases and deadlines. */
  monotonic(): number;
  /** Calls `fire` once after `ms` (≥ 0) unless cancelled. */
  after(ms: number, fire: () => void): Cancel;
  /**
   * Lets everything else that waits to run go first. For work that is done in slices: of those who
   * wait for a turn one goes on in each round of the event loop, in the order in which they asked,
   * so that their slices never add up to a long one.
   */
  turn(): Promise<void>;
}

/** The process's real clock. Timers do not keep the process alive by themselves unless `ref`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    const timer = nodeSetTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  turn: () =>
    new Promise((resolve) => {
      turns.push(resolve);
      if (turns.length === 1) setImmediate(nextTurn);
    }),
};

/** Those who wait for their turn; while there are any, the next is called in the next round. */
const turns: (() => void)[] = [];

function nextTurn(): void {
  turns.shift()?.();
  if (turns.length > 0) setImmediate(nextTurn);
}

/** Resolves after `ms`; rejects with the signal's reason as soon as `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Calls `tick` every `ms` until cancelled; a slow tick delays the next one, never overlaps it. */
export function every(clock: Clock, ms: number, tick: () => void): Cancel {
  let cancel: Cancel = () => {};
  let stopped = false;
  const arm = (): void => {
    cancel = clock.after(ms, () => {
      tick();
      if (!stopped) arm();
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}
