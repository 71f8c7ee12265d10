import { sleep, type Clock } from "../lib/clock.ts";
import { InvariantError } from "../lib/assert.ts";
import type { Logger } from "../lib/log.ts";
import { Scope } from "../lib/scope.ts";
import { isLeadershipLoss } from "./store/store.ts";

/** Wait before a loop that failed is started again, milliseconds. */
const RESTART_DELAY_MS = 1_000;

/** A loop that runs on the leader only, until its signal aborts. */
export type LeaderLoop = (signal: AbortSignal) => Promise<void>;

/**
 * Keeps one loop running. Losing leadership ends it (the leadership's own signal follows), a
 * broken invariant ends everything, and any other failure is logged and the loop starts afresh
 * from the store, which holds all that it knew.
 */
async function supervise(
  name: string,
  loop: LeaderLoop,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await loop(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof InvariantError) throw error;
      if (isLeadershipLoss(error)) log.info({ loop: name }, "loop interrupted: leadership is lost");
      else log.error({ loop: name, err: error }, "a leader's loop failed and is started again");
      await sleep(clock, RESTART_DELAY_MS, signal).catch(() => {});
    }
  }
}

/** Runs all `loops` side by side until `signal` aborts, and waits for every one of them. */
export async function runLeadership(
  loops: Readonly<Record<string, LeaderLoop>>,
  modules: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const scope = new Scope(signal);
  for (const [name, loop] of Object.entries(loops))
    scope.run((inner) => supervise(name, loop, modules, inner));
  await scope.join();
}
