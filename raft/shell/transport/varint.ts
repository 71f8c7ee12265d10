/** Bytes being filled, and how far they are. */
export interface Sink {
  readonly bytes: Uint8Array;
  at: number;
}

/** Bytes being read, and how far they were. */
export interface Source {
  readonly bytes: Uint8Array;
  at: number;
}

/** Continuation flag, and the weight of the next byte, of a varint. */
const MORE = 128;

/** A varint of ten bytes holds 64 bits. */
const VARINT_BYTES_MAX = 10;

/** Bytes a non-negative safe integer takes as a varint. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= MORE; rest = Math.floor(rest / MORE)) count++;
  return count;
}

/** Appends a non-negative safe integer in Protocol Buffers' base-128 form. */
export function writeVarint(sink: Sink, value: number): void {
  let rest = value;
  while (rest >= MORE) {
    sink.bytes[sink.at++] = (rest % MORE) + MORE;
    rest = Math.floor(rest / MORE);
  }
  sink.bytes[sink.at++] = rest;
}

/** Reads a varint; beyond 2^53 it is rounded. Throws when the bytes end or it has none. */
export function readVarint(source: Source): number {
  const { bytes } = source;
  let value = 0;
  let weight = 1;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = bytes[source.at++];
    if (byte === undefined) throw new Error("a message from a peer is cut off");
    if (byte < MORE) return value + byte * weight;
    value += (byte - MORE) * weight;
    weight *= MORE;
  }
  throw new Error("a number from a peer has no end");
}

/** Reads a length and returns where what has it ends. Throws when that is beyond `end`. */
export function readEnd(source: Source, end: number): number {
  const length = readVarint(source);
  const stop = source.at + length;
  if (stop > end) throw new Error("a message from a peer is cut off");
  return stop;
}
