import { crc32 } from "node:zlib";
import { plainBytes, readUint53, sameBytes, UINT53_BYTES, viewOf, writeUint53 } from "./binary.ts";
import { HEAD_BYTES } from "./log-head.ts";
import { HEAD_KEY, type LogOperation } from "./log-pack.ts";

const MAGIC = Uint8Array.of(0x73, 0x6b, 0x70, 0x6a);
const MAGIC_BYTES = 4;
/** Checksum of everything behind it. */
const CRC_BYTES = 4;
/** magic, checksum, length of all of the frame, sequence number. */
const HEADER_BYTES = MAGIC_BYTES + CRC_BYTES + 4 + UINT53_BYTES;
/** Value length + 1, 0 for a removal; key length. */
const OPERATION_BYTES = 4 + 1;
/** Frames are filled up to a multiple of it. */
const ALIGNMENT_BYTES = 8;

/** One write as the journal has it: what it does to the database, the new head included. */
export interface JournalFrame {
  readonly sequence: number;
  readonly operations: readonly LogOperation[];
}

/** What a journal holds behind what the database has. */
export interface JournalContent {
  /** In order and without a gap. */
  readonly frames: readonly JournalFrame[];
  /** What was lost of it after `frames`, or null. */
  readonly damage: string | null;
}

function sizeOf(operations: readonly LogOperation[]): number {
  let size = HEADER_BYTES + HEAD_BYTES;
  for (const operation of operations) {
    size += OPERATION_BYTES + operation.key.length;
    if (operation.type === "put") size += operation.value.length;
  }
  return Math.ceil(size / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** A write as bytes; `head` is the encoded head of that sequence number. */
export function encodeFrame(
  sequence: number,
  head: Uint8Array,
  operations: readonly LogOperation[],
): Uint8Array {
  const bytes = new Uint8Array(sizeOf(operations));
  const view = viewOf(bytes);
  bytes.set(MAGIC);
  view.setUint32(MAGIC_BYTES + CRC_BYTES, bytes.length);
  writeUint53(view, HEADER_BYTES - UINT53_BYTES, sequence);
  bytes.set(head, HEADER_BYTES);
  let at = HEADER_BYTES + HEAD_BYTES;
  for (const operation of operations) {
    const value = operation.type === "put" ? operation.value : undefined;
    view.setUint32(at, value ? value.length + 1 : 0);
    bytes[at + 4] = operation.key.length;
    bytes.set(operation.key, at + OPERATION_BYTES);
    at += OPERATION_BYTES + operation.key.length;
    if (value) bytes.set(value, at);
    at += value?.length ?? 0;
  }
  view.setUint32(MAGIC_BYTES, crc32(bytes.subarray(MAGIC_BYTES + CRC_BYTES)));
  return bytes;
}

/** Length and sequence number of the whole frame at `at`; undefined when there is none. */
function frameAt(
  bytes: Uint8Array,
  at: number,
): { readonly length: number; readonly sequence: number } | undefined {
  if (at + HEADER_BYTES + HEAD_BYTES > bytes.length) return undefined;
  const view = viewOf(bytes.subarray(at));
  if (!sameBytes(bytes.subarray(at, at + MAGIC_BYTES), MAGIC)) return undefined;
  const length = view.getUint32(MAGIC_BYTES + CRC_BYTES);
  if (length < HEADER_BYTES + HEAD_BYTES || at + length > bytes.length) return undefined;
  const body = bytes.subarray(at + MAGIC_BYTES + CRC_BYTES, at + length);
  if (crc32(body) !== view.getUint32(MAGIC_BYTES)) return undefined;
  const sequence = readUint53(view, HEADER_BYTES - UINT53_BYTES);
  return Number.isNaN(sequence) ? undefined : { length, sequence };
}

function operationsOf(frame: Uint8Array): readonly LogOperation[] {
  const view = viewOf(frame);
  const operations: LogOperation[] = [];
  let at = HEADER_BYTES + HEAD_BYTES;
  // What is left of the last eight bytes cannot hold an operation with a key.
  while (at + OPERATION_BYTES < frame.length && frame[at + 4] !== 0) {
    const size = view.getUint32(at);
    const from = at + OPERATION_BYTES + (frame[at + 4] as number);
    const key = frame.slice(at + OPERATION_BYTES, from);
    at = from + Math.max(0, size - 1);
    if (size === 0) operations.push({ type: "del", key });
    else operations.push({ type: "put", key, value: frame.slice(from, at) });
  }
  const head = frame.slice(HEADER_BYTES, HEADER_BYTES + HEAD_BYTES);
  return [...operations, { type: "put", key: HEAD_KEY, value: head }];
}

/**
 * Reads a journal file whose database has every write up to `stored`. The file is written from
 * its start again and again, so that behind the newest frame there are older ones. Each frame is
 * synced before the next is written: only the newest can be torn, and that one was never
 * acknowledged. A gap with a newer frame behind it, or between `stored` and the first, is damage.
 */
export function scanJournal(file: Uint8Array, stored: number): JournalContent {
  const bytes = plainBytes(file);
  const frames: JournalFrame[] = [];
  let next: number | undefined;
  let at = 0;
  for (;;) {
    const found = frameAt(bytes, at);
    if (!found || (next !== undefined && found.sequence !== next)) break;
    if (next === undefined && found.sequence > stored + 1) break;
    const { sequence, length } = found;
    if (sequence > stored)
      frames.push({ sequence, operations: operationsOf(bytes.subarray(at, at + length)) });
    next = sequence + 1;
    at += length;
  }
  const missing = Math.max(next ?? 0, stored + 1);
  const later = newestFrom(bytes, at);
  const damage =
    later >= missing
      ? `write ${missing} is missing in the journal, which goes on to write ${later}`
      : null;
  return { frames, damage };
}

/** The highest sequence number of any whole frame from `from` on; -1 without one. */
function newestFrom(bytes: Uint8Array, from: number): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let newest = -1;
  for (let at = file.indexOf(MAGIC, from); at >= 0; at = file.indexOf(MAGIC, at + 1))
    newest = Math.max(newest, frameAt(bytes, at)?.sequence ?? -1);
  return newest;
}
