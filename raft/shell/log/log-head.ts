import { createHash } from "node:crypto";
import type { HardState } from "../../core/types.ts";
import { plainBytes, readUint53, sameBytes, UINT53_BYTES, viewOf, writeUint53 } from "./binary.ts";
import { CHAIN_BYTES, CHAIN_START } from "./log-record.ts";
import { EMPTY_HARD_STATE } from "./log-store.ts";
import type { LogPoint } from "./log-window.ts";

/** A place in the hash chain: the last entry of a record and the record's chain value. */
export interface ChainPoint extends LogPoint {
  readonly chain: Uint8Array;
}

/**
 * What a store knows about itself, written with every batch into the database and, after it, into
 * a file of its own. The file is the anchor: a database that is behind it has lost acknowledged
 * writes, whatever it says about itself.
 */
export interface LogHead {
  /** Counts writes. */
  readonly sequence: number;
  readonly boot: number;
  readonly hardState: HardState;
  /** Before the first retained entry. */
  readonly base: ChainPoint;
  /** The last entry. */
  readonly last: ChainPoint;
  /** Checksum of the snapshot description, zeros without one. */
  readonly snapshot: ChainPoint;
}

const MAGIC = 0x736b7031;
const POINT_BYTES = 2 * UINT53_BYTES + CHAIN_BYTES;
const BODY_BYTES = 4 + 5 * UINT53_BYTES + 3 * POINT_BYTES;

/** Size of an encoded head. */
export const HEAD_BYTES = BODY_BYTES + CHAIN_BYTES;

const START: ChainPoint = Object.freeze({ index: 0, term: 0, chain: CHAIN_START });

/** The head of a store that holds nothing. */
export const EMPTY_HEAD: LogHead = Object.freeze({
  sequence: 0,
  boot: 0,
  hardState: EMPTY_HARD_STATE,
  base: START,
  last: START,
  snapshot: START,
});

/** Checksum of a head or a snapshot description. */
export function checksum(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, CHAIN_BYTES);
}

/** The head as {@link HEAD_BYTES} checksummed bytes. */
export function encodeHead(head: LogHead): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  const { term, vote, commit } = head.hardState;
  let at = 4;
  for (const number of [head.sequence, head.boot, term, vote, commit]) {
    writeUint53(view, at, number);
    at += UINT53_BYTES;
  }
  for (const point of [head.base, head.last, head.snapshot]) {
    writeUint53(view, at, point.index);
    writeUint53(view, at + UINT53_BYTES, point.term);
    bytes.set(point.chain, at + 2 * UINT53_BYTES);
    at += POINT_BYTES;
  }
  bytes.set(checksum(bytes.subarray(0, BODY_BYTES)), BODY_BYTES);
  return bytes;
}

/** Reads an encoded head; undefined when it is not one or is damaged. */
export function decodeHead(stored: Uint8Array): LogHead | undefined {
  const bytes = plainBytes(stored);
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = viewOf(bytes);
  const expected = bytes.subarray(BODY_BYTES, HEAD_BYTES);
  if (view.getUint32(0) !== MAGIC) return undefined;
  if (!sameBytes(checksum(bytes.subarray(0, BODY_BYTES)), expected)) return undefined;
  const number = (i: number): number => readUint53(view, 4 + i * UINT53_BYTES);
  const point = (i: number): ChainPoint => {
    const at = 4 + 5 * UINT53_BYTES + i * POINT_BYTES;
    return {
      index: readUint53(view, at),
      term: readUint53(view, at + UINT53_BYTES),
      chain: bytes.slice(at + 2 * UINT53_BYTES, at + POINT_BYTES),
    };
  };
  return {
    sequence: number(0),
    boot: number(1),
    hardState: { term: number(2), vote: number(3), commit: number(4) },
    base: point(0),
    last: point(1),
    snapshot: point(2),
  };
}
