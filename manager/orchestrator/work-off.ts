import type { Transaction } from "../store/transaction.ts";
import type { Backlog } from "./backlog.ts";
import type { Modules } from "./modules.ts";

/** Wait before a refused transaction is planned again. */
const RETRY_DELAY_MS = 1_000;

/**
 * Writes one slice of `backlog` after the other until it is empty or `signal` aborts, and lets the event loop turn
 * before each.
 * @returns milliseconds until the next attempt when a slice was refused; undefined when all is done
 */
export async function workOff<V>(
  backlog: Backlog<V>,
  modules: Modules,
  slice: (tx: Transaction) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  while (backlog.size > 0) {
    // What was just applied concerns other controllers too: each has a turn of its own.
    await modules.clock.turn();
    if (signal.aborted) break;
    if (!(await backlog.write(modules, slice, signal))) return RETRY_DELAY_MS;
  }
  return undefined;
}
