import { setImmediate } from "node:timers/promises";

/** Objects translated and printed in one go: a few milliseconds at most. */
const SLICE_OBJECTS = 100;

/**
 * `items` in slices, each translated; between two slices other work of the process gets its turn,
 * so that a list of 100,000 tasks does not hold up heartbeats.
 */
export async function* translateSlices<T>(
  items: readonly T[],
  translate: (slice: readonly T[]) => readonly unknown[] | Promise<readonly unknown[]>,
): AsyncGenerator<readonly unknown[]> {
  for (let start = 0; start < items.length; start += SLICE_OBJECTS) {
    if (start > 0) await setImmediate();
    yield await translate(items.slice(start, start + SLICE_OBJECTS));
  }
}
