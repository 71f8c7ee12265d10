import { assert } from "../../../lib/assert.ts";

/** Bytes a number takes in {@link writeUint53}'s form. */
export const UINT53_BYTES = 8;

/** Writes a non-negative safe integer big-endian in 8 bytes, so that byte order is number order. */
export function writeUint53(target: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `a stored number is a safe integer: ${value}`);
  target.setUint32(offset, Math.floor(value / 2 ** 32));
  target.setUint32(offset + 4, value >>> 0);
}

/** Reads what {@link writeUint53} wrote; NaN when it is beyond 2^53, which no writer produces. */
export function readUint53(source: DataView, offset: number): number {
  const value = source.getUint32(offset) * 2 ** 32 + source.getUint32(offset + 4);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** A view over exactly the bytes of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** `bytes` without Node's Buffer methods, whose `slice` does not copy. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
