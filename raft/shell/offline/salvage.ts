import { rmSync } from "node:fs";
import type { Cipher } from "../keys/cipher.ts";
import { sameBytes } from "../log/binary.ts";
import { syncDirectory } from "../log/head-file.ts";
import { journalPath, LogDisk } from "../log/log-disk.ts";
import { checksum, decodeHead, EMPTY_HEAD, type LogHead } from "../log/log-head.ts";
import { HEAD_KEY, packKey, SNAPSHOT_KEY, type LogDatabase } from "../log/log-pack.ts";
import { decodeRecord } from "../log/log-record.ts";

/**
 * Makes a damaged log store openable again by giving up everything after the first damage. What
 * was acknowledged may be lost by it: only for a member that will be alone in its group.
 */
export async function salvageLog(directory: string, cipher: Cipher): Promise<void> {
  await dropJournal(directory);
  const { disk, anchor } = await LogDisk.open({ directory, journalBytes: 0 });
  const db = disk.database;
  try {
    const stored = await db.get(HEAD_KEY);
    const head = (stored && decodeHead(stored)) ?? anchor ?? EMPTY_HEAD;
    const { last, stale } = await readablePart(db, head, cipher);
    const data = await db.get(SNAPSHOT_KEY);
    const described = data !== undefined && sameBytes(checksum(data), head.snapshot.chain);
    const salvaged: LogHead = {
      ...head,
      sequence: Math.max(head.sequence, anchor?.sequence ?? 0) + 1,
      boot: Math.max(head.boot, anchor?.boot ?? 0),
      last,
      hardState: { ...head.hardState, commit: Math.min(head.hardState.commit, last.index) },
      snapshot: described ? head.snapshot : EMPTY_HEAD.snapshot,
    };
    const operations = stale.map((key) => ({ type: "del" as const, key }));
    await disk.commit(operations, salvaged, true);
  } finally {
    await disk.close(true);
  }
}

/** Moves what can be read of the journal to the database, and gives up the rest. */
async function dropJournal(directory: string): Promise<void> {
  const { disk } = await LogDisk.open({ directory });
  await disk.close(true);
  rmSync(journalPath(directory));
  syncDirectory(directory);
}

/** How far the chain is whole, and the keys of what comes after. */
async function readablePart(
  db: LogDatabase,
  head: LogHead,
  cipher: Cipher,
): Promise<{ readonly last: LogHead["last"]; readonly stale: readonly Uint8Array[] }> {
  let last = head.base;
  const stale: Uint8Array[] = [];
  const range = { gte: packKey(head.base.index + 1), lt: packKey(Number.MAX_SAFE_INTEGER) };
  for await (const [key, value] of db.iterator(range)) {
    const record = stale.length === 0 ? decodeRecord(value, cipher) : "after the damage";
    const end = typeof record === "string" ? undefined : record.entries.at(-1);
    if (
      typeof record === "string" ||
      !end ||
      record.first !== last.index + 1 ||
      !sameBytes(record.previous, last.chain)
    )
      stale.push(key);
    else last = { index: end.index, term: end.term, chain: record.chain };
  }
  return { last, stale };
}
