import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";

/** Between two looks at a condition, milliseconds. */
const POLL_MS = 50;

/** What a wait reports while it lasts. */
export interface Progress {
  /** Where things stand; printed when it changes. */
  (text: string): void;
}

/**
 * Calls `look` until it returns something other than undefined.
 * @param look may throw while the cluster is changing: its last error is named at the deadline
 * @returns what `look` returned
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined>,
  limitMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  const deadline = clock.monotonic() + limitMs;
  let last = "it did not come to be";
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      last = messageOf(error);
    }
    if (clock.monotonic() > deadline)
      throw new Error(`gave up after ${limitMs / 1000} s waiting until ${what}: ${last}`);
    await sleep(clock, POLL_MS, signal);
  }
}
