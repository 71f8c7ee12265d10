import { sleep, type Clock } from "./clock.ts";
import { isRetryable } from "./errors.ts";
import type { Random } from "./random.ts";

/** Exponential back-off with full jitter. */
export interface Backoff {
  /** Upper bound of the first wait, milliseconds. */
  readonly firstMs: number;
  /** Upper bound of any wait, milliseconds. */
  readonly maxMs: number;
  /** Growth of the bound from one wait to the next. */
  readonly factor: number;
}

/** The wait before attempt `attempt` (0 = first retry): uniform in (bound/2, bound]. */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const bound = Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** Math.min(attempt, 64));
  return bound - random.float() * (bound / 2);
}

export interface RetryOptions {
  readonly backoff: Backoff;
  /** How many attempts in all; the last error is thrown. */
  readonly attemptsMax: number;
  /** Which errors are worth another attempt. @default isRetryable */
  readonly when?: (error: unknown) => boolean;
}

/** Runs `attempt` until it succeeds, fails for good, runs out of attempts or `signal` aborts. */
export async function retry<T>(
  attempt: () => Promise<T>,
  options: RetryOptions,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
): Promise<T> {
  const when = options.when ?? isRetryable;
  for (let n = 0; ; n++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (n + 1 >= options.attemptsMax || !when(error)) throw error;
      await sleep(clock, backoffMs(options.backoff, n, random), signal);
    }
  }
}
