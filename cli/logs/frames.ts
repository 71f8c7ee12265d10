import { SwarmError } from "../../lib/errors.ts";

/** One line of a multiplexed log stream. */
export interface Frame {
  readonly stream: "stdout" | "stderr" | "error";
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;
/** A longer frame means that the stream is not what it should be. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const STREAMS: Readonly<Record<number, Frame["stream"]>> = {
  0: "stdout",
  1: "stdout",
  2: "stderr",
  3: "error",
};

/** Cuts a stream into frames: stream number, three zeros, big-endian length, payload. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. Throws `internal` on a malformed header. */
  push(chunk: Uint8Array): readonly Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const stream = STREAMS[this.#rest[0] ?? -1];
      const length = this.#rest.readUInt32BE(4);
      if (stream === undefined || length > FRAME_BYTES_MAX)
        throw new SwarmError("internal", "the engine's log stream is damaged: unknown frame");
      if (this.#rest.length < HEADER_BYTES + length) break;
      frames.push({ stream, payload: this.#rest.subarray(HEADER_BYTES, HEADER_BYTES + length) });
      this.#rest = this.#rest.subarray(HEADER_BYTES + length);
    }
    return frames;
  }
}
