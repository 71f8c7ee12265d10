import type { Level } from "level";
import type { Entry } from "../../core/types.ts";
import { UINT53_BYTES, viewOf, writeUint53 } from "./binary.ts";
import type { Cipher } from "../keys/cipher.ts";
import { decodeRecord, encodeRecord } from "./log-record.ts";
import { entryBytes } from "./log-window.ts";

/** The database with binary keys and values. */
export type LogDatabase = Level<Uint8Array, Uint8Array>;

/** One operation of an atomic batch. */
export type LogOperation =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

/** Entries of one write are split into values of about this size. */
const PACK_BYTES_MAX = 1024 * 1024;

/** One stored record: which entries it holds and its place in the chain. */
export interface Pack {
  readonly first: number;
  readonly last: number;
  readonly chain: Uint8Array;
}

const PACK_PREFIX = 0x6c;

/** Key of the head. */
export const HEAD_KEY: Uint8Array = new TextEncoder().encode("h");

/** Key of the snapshot description. */
export const SNAPSHOT_KEY: Uint8Array = new TextEncoder().encode("s");

/** Key of the pack that starts at `first`; keys sort as indexes do. */
export function packKey(first: number): Uint8Array {
  const key = new Uint8Array(1 + UINT53_BYTES);
  key[0] = PACK_PREFIX;
  writeUint53(viewOf(key), 1, first);
  return key;
}

/** Packs entries behind `previous` and gives the operations that store them. */
export function packEntries(
  entries: readonly Entry[],
  previous: Uint8Array,
  cipher: Cipher | null,
): { readonly packs: readonly Pack[]; readonly operations: readonly LogOperation[] } {
  const packs: Pack[] = [];
  const operations: LogOperation[] = [];
  let chain = previous;
  let from = 0;
  while (from < entries.length) {
    let to = from + 1;
    let bytes = entryBytes(entries[from] as Entry);
    while (to < entries.length && (bytes += entryBytes(entries[to] as Entry)) <= PACK_BYTES_MAX)
      to++;
    const slice = entries.slice(from, to);
    const record = encodeRecord(slice, chain, cipher);
    chain = record.chain;
    const first = (slice[0] as Entry).index;
    packs.push({ first, last: first + slice.length - 1, chain });
    operations.push({ type: "put", key: packKey(first), value: record.value });
    from = to;
  }
  return { packs, operations };
}

/** Reads one pack's entries; a string says what is wrong with it. */
export async function readPack(
  db: { get(key: Uint8Array): Promise<Uint8Array | undefined> },
  pack: Pack,
  cipher: Cipher | null,
): Promise<readonly Entry[] | string> {
  const value = await db.get(packKey(pack.first));
  if (!value) return `the entries from index ${pack.first} are missing`;
  const record = decodeRecord(value, cipher);
  return typeof record === "string" ? record : record.entries;
}

/** Position of the first pack whose last entry is at or above `index`; `packs.length` if none. */
export function packAt(packs: readonly Pack[], index: number): number {
  let low = 0;
  let high = packs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((packs[middle] as Pack).last < index) low = middle + 1;
    else high = middle;
  }
  return low;
}
