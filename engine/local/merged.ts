import { linked } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";

interface Waiting<T> {
  readonly chunk: T;
  /** Lets the source go on. */
  readonly taken: () => void;
}

/** Chunks until the signal aborts. */
export type Source<T> = (signal: AbortSignal) => AsyncIterable<T>;

/**
 * What `sources` yield, as it comes. Each waits until its chunk is taken, so that nothing piles
 * up. Ends when all have ended; when one fails, the others end and its error is thrown.
 */
export async function* merged<T>(
  sources: readonly Source<T>[],
  signal: AbortSignal,
): AsyncGenerator<T> {
  using link = linked(signal);
  const bell = new Bell();
  const waiting: Waiting<T>[] = [];
  const failures: unknown[] = [];
  let over = false;
  let open = sources.length;
  const pump = async (source: Source<T>): Promise<void> => {
    try {
      for await (const chunk of source(link.signal)) {
        const taken = new Promise<void>((resolve) => waiting.push({ chunk, taken: resolve }));
        bell.ring();
        await taken;
        if (over) return;
      }
    } catch (error) {
      // What follows the first failure is its consequence.
      if (!over) failures.push(error);
      over = true;
    } finally {
      open -= 1;
      bell.ring();
    }
  };
  const pumps = Promise.all(sources.map(pump));
  try {
    while ((open > 0 && !over) || waiting.length > 0) {
      const next = waiting.shift();
      if (next) yield next.chunk;
      next?.taken();
      if (!next) await bell.wait();
    }
  } finally {
    over = true;
    link.abort();
    for (const { taken } of waiting) taken();
    await pumps;
  }
  if (failures.length > 0) throw failures[0];
}
