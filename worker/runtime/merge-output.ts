import { Readable } from "node:stream";
import type { OutputChunk } from "./reach.ts";

/** Chunks that wait for the reader; those of pipes are up to 64 KiB. */
const CHUNKS_WAITING_MAX = 2;

/**
 * One stream of the chunks of several, each with its name, in the order they come. They are read
 * only as fast as the result is. It ends when all have closed, whether they ended or were destroyed.
 */
export function mergeOutput(
  sources: readonly { readonly stream: OutputChunk["stream"]; readonly readable: Readable }[],
): AsyncIterable<OutputChunk> {
  let open = sources.length;
  const merged = new Readable({
    objectMode: true,
    highWaterMark: CHUNKS_WAITING_MAX,
    read() {
      for (const { readable } of sources) readable.resume();
    },
    destroy(error, done) {
      for (const { readable } of sources) readable.destroy();
      done(error);
    },
  });
  for (const { stream, readable } of sources) {
    readable.on("data", (data: Uint8Array) => {
      const chunk: OutputChunk = { stream, data };
      if (!merged.push(chunk)) for (const source of sources) source.readable.pause();
    });
    readable.once("error", (error) => merged.destroy(error));
    readable.once("close", () => {
      if (--open === 0) merged.push(null);
    });
    readable.pause();
  }
  return merged;
}
