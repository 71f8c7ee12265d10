import type { Writable } from "node:stream";
import { onAbort } from "./abort.ts";

/**
 * Writes to a stream and waits while it is full. What a stream that is closed already is sent goes
 * nowhere. Rejects with the signal's reason when that comes first.
 */
export async function write(
  stream: Writable,
  data: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (stream.destroyed || stream.writableEnded || stream.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      release();
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
    const release = onAbort(signal, () => done());
  });
  signal.throwIfAborted();
}
