import { sleep, systemClock } from "../../lib/clock.ts";

/** How often a condition is looked at. */
const POLL_MS = 5;
/** How long it may take; below a test's own limit, so that it is this that speaks. */
const WITHIN_MS = 60_000;

type Awaitable<T> = T | Promise<T>;

/** Waits until `condition` gives something true, and returns it; fails after `withinMs`. */
export async function eventually<T>(
  what: string,
  condition: () => Awaitable<T | undefined | null | false>,
  withinMs = WITHIN_MS,
): Promise<T> {
  const deadline = systemClock.monotonic() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(systemClock, POLL_MS, new AbortController().signal);
  }
}
