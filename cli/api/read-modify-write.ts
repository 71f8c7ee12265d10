import { isSwarmError } from "../../lib/errors.ts";
import { retry, type RetryOptions } from "../../lib/retry.ts";
import type { Context } from "../context.ts";

/** How often and how fast a change is tried again when the object changed meanwhile. */
const STALE_RETRY: RetryOptions = {
  backoff: { firstMs: 50, maxMs: 500, factor: 2 },
  attemptsMax: 5,
  when: (error) => isSwarmError(error, "out-of-sequence"),
};

/**
 * Runs `attempt`, which reads an object, changes it and writes it back, and runs it again from the
 * read when someone else (often the cluster itself) changed the object in between.
 */
export function readModifyWrite<T>(attempt: () => Promise<T>, context: Context): Promise<T> {
  return retry(attempt, STALE_RETRY, context, context.signal);
}
