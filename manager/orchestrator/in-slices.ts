import type { Clock } from "../../lib/clock.ts";

/** Objects visited between two turns of the event loop. */
const VISIT_SLICE_MAX = 2_000;

/**
 * Visits all of a table without holding up the event loop, until `signal` aborts. Objects that
 * come or change meanwhile may or may not be visited: their events tell of them.
 */
export async function inSlices<T>(
  objects: Iterable<T>,
  visit: (object: T) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let left = VISIT_SLICE_MAX;
  for (const object of objects) {
    visit(object);
    if (--left > 0) continue;
    await clock.turn();
    if (signal.aborted) return;
    left = VISIT_SLICE_MAX;
  }
}
