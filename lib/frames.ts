import { SwarmError } from "./errors.ts";

/** One frame of a multiplexed stream: a type, three zeros, a big-endian length, the payload. */
export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;

/** A frame as it goes over the wire; the layout is that of Docker's log and attach streams. */
export function encodeFrame(type: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.byteLength);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(payload.byteLength, 4);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts a stream into frames, however it was cut on its way. */
export class FrameSplitter {
  readonly #payloadBytesMax: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param payloadBytesMax a longer frame means that the stream is not what it should be */
  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** The frames that `chunk` completes. Throws `invalid` on one that is too long. */
  push(chunk: Uint8Array): readonly Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const length = this.#rest.readUInt32BE(4);
      if (length > this.#payloadBytesMax)
        throw new SwarmError("invalid", "the stream is damaged: a frame is too long");
      if (this.#rest.length < HEADER_BYTES + length) break;
      const payload = this.#rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
      frames.push({ type: this.#rest[0] ?? 0, payload });
      this.#rest = this.#rest.subarray(HEADER_BYTES + length);
    }
    return frames;
  }
}

/** Types of frames on the stream of a command that runs in a task. */
export const EXEC_FRAMES = {
  /** Towards the command. */
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** Why the stream ends before its time, as text; the last one. */
  error: 3,
  /** The exit status in decimal; the last one. */
  exit: 4,
  /** No more input will come; empty. */
  end: 5,
  /** `ROWS COLUMNS` in decimal. */
  resize: 6,
  /** Name of a signal for the command. */
  signal: 7,
} as const;

/** Longest payload on such a stream. */
export const EXEC_PAYLOAD_BYTES_MAX = 1 << 20;
