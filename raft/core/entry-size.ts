import type { Entry } from "./types.ts";

/** What an entry costs besides its data: term, index, type and framing, generously. */
export const ENTRY_OVERHEAD_BYTES = 24;

/** Bytes an entry counts for in messages, windows and batches of entries to apply. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

/** Sum of {@link entryBytes}. */
export function entriesBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length + ENTRY_OVERHEAD_BYTES;
  return bytes;
}

/** Sum of the data alone: what the uncommitted limit counts, so that empty entries are free. */
export function payloadBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  return bytes;
}

/** How many leading entries of `entries[from, to)` fit in `maxBytes`; at least one if any. */
export function fittingCount(
  entries: readonly Entry[],
  from: number,
  to: number,
  maxBytes: number,
): number {
  let bytes = 0;
  let at = from;
  for (; at < to; at++) {
    bytes += entryBytes(entries[at]!);
    if (bytes > maxBytes && at > from) break;
  }
  return at - from;
}
