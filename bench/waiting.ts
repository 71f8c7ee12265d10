import { sleep, systemClock } from "../lib/clock.ts";

const POLL_MS = 10;

/** Asks every `pollMs` until there is an answer; fails after `withinMs`. */
export async function until<T>(
  what: string,
  question: () => Promise<T | undefined>,
  signal: AbortSignal,
  withinMs = 30_000,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = systemClock.monotonic() + withinMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(systemClock, pollMs, signal);
  }
}
