import { sleep } from "../../lib/clock.ts";
import { isRetryable, messageOf } from "../../lib/errors.ts";
import type { Context } from "../context.ts";

/** Docker's pace. */
const POLL_PERIOD_MS = 200;

/** How long the swarm may fail to answer (a new leader is elected, swarmd restarts) meanwhile. */
const SILENCE_LIMIT_MS = 30_000;

/** What each poll sees; a change of leader in between is sat out. Ends only by throwing. */
export async function* polls<T>(read: () => Promise<T>, context: Context): AsyncGenerator<T> {
  let heardAt = context.clock.monotonic();
  let isSilent = false;
  for (;;) {
    try {
      const seen = await read();
      heardAt = context.clock.monotonic();
      isSilent = false;
      yield seen;
    } catch (error) {
      const silentMs = context.clock.monotonic() - heardAt;
      if (!isRetryable(error) || silentMs > SILENCE_LIMIT_MS) throw error;
      if (!isSilent) context.err.write(`Waiting for the swarm: ${messageOf(error)}\n`);
      isSilent = true;
    }
    await sleep(context.clock, POLL_PERIOD_MS, context.signal);
  }
}
