import { createHash } from "node:crypto";
import type { Entry } from "../../core/types.ts";
import { plainBytes, readUint53, sameBytes, UINT53_BYTES, viewOf, writeUint53 } from "./binary.ts";
import type { Cipher } from "../keys/cipher.ts";

/** SHA-256 cut to 128 bits: enough against damage and against splicing by mistake. */
export const CHAIN_BYTES = 16;

/** The chain before the first record of a log, and after a discarded one. */
export const CHAIN_START: Uint8Array = new Uint8Array(CHAIN_BYTES);

const VERSION = 1;
const FLAG_SEALED = 1;
/** version, flags, count, first index, chain of the record before. */
const HEADER_BYTES = 1 + 1 + 4 + UINT53_BYTES + CHAIN_BYTES;
/** type, term, data length. */
const ENTRY_HEADER_BYTES = 1 + UINT53_BYTES + 4;

const ENTRY_TYPES: readonly Entry["type"][] = ["normal", "conf-change"];

/** Several entries as one value: `header | body | chain`, the body sealed when there is a cipher. */
export interface LogRecord {
  readonly first: number;
  readonly entries: readonly Entry[];
  /** Chain value of the record before. */
  readonly previous: Uint8Array;
  /** Chain value of this record: a hash over the one before and all of this one. */
  readonly chain: Uint8Array;
}

function chainOf(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, CHAIN_BYTES);
}

function encodeBody(entries: readonly Entry[]): Uint8Array {
  let length = 0;
  for (const entry of entries) length += ENTRY_HEADER_BYTES + entry.data.length;
  const body = new Uint8Array(length);
  const view = viewOf(body);
  let at = 0;
  for (const entry of entries) {
    body[at] = ENTRY_TYPES.indexOf(entry.type);
    writeUint53(view, at + 1, entry.term);
    view.setUint32(at + 1 + UINT53_BYTES, entry.data.length);
    body.set(entry.data, at + ENTRY_HEADER_BYTES);
    at += ENTRY_HEADER_BYTES + entry.data.length;
  }
  return body;
}

function decodeBody(body: Uint8Array, first: number, count: number): Entry[] | undefined {
  const view = viewOf(body);
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_HEADER_BYTES > body.length) return undefined;
    const type = ENTRY_TYPES[body[at] as number];
    const term = readUint53(view, at + 1);
    const end = at + ENTRY_HEADER_BYTES + view.getUint32(at + 1 + UINT53_BYTES);
    if (type === undefined || Number.isNaN(term) || end > body.length) return undefined;
    // Copied, because a slice would keep the whole record alive.
    entries.push({ type, term, index: first + i, data: body.slice(at + ENTRY_HEADER_BYTES, end) });
    at = end;
  }
  return at === body.length ? entries : undefined;
}

/** Packs entries into one value that continues the chain from `previous`. */
export function encodeRecord(
  entries: readonly Entry[],
  previous: Uint8Array,
  cipher: Cipher | null,
): { readonly value: Uint8Array; readonly chain: Uint8Array } {
  const plain = encodeBody(entries);
  const header = new Uint8Array(HEADER_BYTES);
  const view = viewOf(header);
  header[0] = VERSION;
  header[1] = cipher ? FLAG_SEALED : 0;
  view.setUint32(2, entries.length);
  writeUint53(view, 6, (entries[0] as Entry).index);
  header.set(previous, 6 + UINT53_BYTES);
  const body = cipher ? cipher.seal(plain, header) : plain;
  const value = new Uint8Array(HEADER_BYTES + body.length + CHAIN_BYTES);
  value.set(header);
  value.set(body, HEADER_BYTES);
  const chain = chainOf(value.subarray(0, HEADER_BYTES + body.length));
  value.set(chain, HEADER_BYTES + body.length);
  return { value, chain };
}

/**
 * Reads a packed record, or says what is wrong with it. That it follows the record before is the
 * caller's to check, by `previous`.
 */
export function decodeRecord(stored: Uint8Array, cipher: Cipher | null): LogRecord | string {
  const value = plainBytes(stored);
  if (value.length < HEADER_BYTES + CHAIN_BYTES) return "a record is too short";
  const end = value.length - CHAIN_BYTES;
  const chain = value.slice(end);
  if (!sameBytes(chainOf(value.subarray(0, end)), chain)) return "a record's checksum is wrong";
  if (value[0] !== VERSION) return `a record has the unknown format ${value[0]}`;
  const view = viewOf(value);
  const first = readUint53(view, 6);
  const body = value.subarray(HEADER_BYTES, end);
  const sealed = (value[1] as number) & FLAG_SEALED;
  if (sealed && !cipher) return "a record is encrypted and there is no key";
  const plain = sealed && cipher ? cipher.open(body, value.subarray(0, HEADER_BYTES)) : body;
  if (!plain) return "a record does not decrypt with any of the keys";
  const entries = decodeBody(plain, first, view.getUint32(2));
  if (!entries || entries.length === 0) return "a record's content is malformed";
  return { first, entries, previous: value.slice(6 + UINT53_BYTES, HEADER_BYTES), chain };
}
