import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";

/** How long to wait before listening again to a broker that went away. */
const RETRY_MS = 500;
/** How long to wait before asking again a manager that does not know the service. */
const UNIMPLEMENTED_RETRY_MS = 60_000;

export interface ListeningModules {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Listens to a broker of the managers until `signal` aborts. What is listened for is no reason to
 * lose a session: `listen` is called again whenever it has ended, whatever of the cluster's failed.
 *
 * @param what what ends with it, for the log
 */
export async function keepListening(
  what: string,
  listen: () => Promise<void>,
  { clock, log }: ListeningModules,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    let waitMs = RETRY_MS;
    try {
      await listen();
    } catch (error) {
      signal.throwIfAborted();
      if (!isSwarmError(error)) throw error;
      log.debug({ err: error }, `${what} ended`);
      if (error.code === "unimplemented") waitMs = UNIMPLEMENTED_RETRY_MS;
    }
    await sleep(clock, waitMs, signal);
  }
}
