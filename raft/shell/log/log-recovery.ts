import { plainBytes, sameBytes } from "./binary.ts";
import type { Cipher } from "../keys/cipher.ts";
import { checksum, decodeHead, EMPTY_HEAD, type ChainPoint, type LogHead } from "./log-head.ts";
import type { OpenedDisk } from "./log-disk.ts";
import { HEAD_KEY, packKey, SNAPSHOT_KEY, type LogDatabase, type Pack } from "./log-pack.ts";
import { decodeRecord } from "./log-record.ts";
import { NO_SNAPSHOT, type SnapshotPoint } from "./log-store.ts";
import { LogWindow } from "./log-window.ts";

/** A store's content as found on the disk, proven whole. */
export interface Recovered {
  readonly head: LogHead;
  readonly snapshot: SnapshotPoint;
  readonly packs: Pack[];
  readonly window: LogWindow;
}

/** What recovery found to be wrong; the store must not be used. */
export class DamageFound extends Error {
  override readonly name = "DamageFound";
}

/**
 * Compares the database's head with the anchor file. LevelDB opens a damaged log without an
 * error, so that the database may be whole in itself and yet older than what was acknowledged.
 */
function checkAnchor(head: LogHead | undefined, anchor: LogHead | undefined): LogHead {
  // The file is created after the database's first write, and never read before that.
  if (!anchor && (head?.sequence ?? 0) > 1)
    throw new DamageFound("its anchor file is missing or unreadable");
  if (!head && anchor) throw new DamageFound("the database lost its head record");
  if (head && anchor && head.sequence < anchor.sequence)
    throw new DamageFound(
      `the log is ${anchor.sequence - head.sequence} writes older than what was acknowledged ` +
        `(index ${head.last.index}, acknowledged ${anchor.last.index}): its tail was lost, ` +
        `or an old copy was put in its place`,
    );
  if (head && anchor && head.sequence === anchor.sequence && !samePoint(head.last, anchor.last))
    throw new DamageFound("the log and its anchor file belong to different histories");
  return head ?? EMPTY_HEAD;
}

function samePoint(a: ChainPoint, b: ChainPoint): boolean {
  return a.index === b.index && a.term === b.term && sameBytes(a.chain, b.chain);
}

async function recoverSnapshot(db: LogDatabase, head: LogHead): Promise<SnapshotPoint> {
  if (head.snapshot.index === 0) return NO_SNAPSHOT;
  const data = await db.get(SNAPSHOT_KEY);
  if (!data || !sameBytes(checksum(data), head.snapshot.chain))
    throw new DamageFound("the description of the snapshot is missing or changed");
  return { index: head.snapshot.index, term: head.snapshot.term, data: plainBytes(data) };
}

/** Walks the chain from base to last; a hole, a changed bit or a lost tail breaks it. */
async function recoverLog(
  db: LogDatabase,
  head: LogHead,
  cipher: Cipher | null,
  window: LogWindow,
): Promise<Pack[]> {
  const packs: Pack[] = [];
  let chain = head.base.chain;
  const range = { gte: packKey(head.base.index + 1), lt: packKey(Number.MAX_SAFE_INTEGER) };
  for await (const [key, value] of db.iterator(range)) {
    const record = decodeRecord(value, cipher);
    if (typeof record === "string") throw new DamageFound(record);
    const expected = window.lastIndex + 1;
    if (record.first !== expected || !sameBytes(key, packKey(record.first)))
      throw new DamageFound(`entry ${expected} is missing, the next one found is ${record.first}`);
    if (!sameBytes(record.previous, chain))
      throw new DamageFound(`entry ${expected} does not continue the entry before it`);
    const falls = record.entries.some((entry, i) => {
      const before = record.entries[i - 1]?.term ?? window.lastTerm;
      return entry.term < before;
    });
    if (falls) throw new DamageFound(`the terms fall after entry ${expected}`);
    window.append(record.entries);
    chain = record.chain;
    packs.push({ first: record.first, last: window.lastIndex, chain });
  }
  const found = { index: window.lastIndex, term: window.lastTerm, chain };
  if (!samePoint(found, head.last))
    throw new DamageFound(
      `the log ends at index ${found.index}, but ${head.last.index} was acknowledged`,
    );
  return packs;
}

/**
 * Reads everything and proves it: the journal, the anchor, the chain from base to last, contiguous indexes,
 * terms that never fall, a commit index inside the log. Throws {@link DamageFound}.
 */
export async function recover(
  { disk, anchor, damage }: OpenedDisk,
  cipher: Cipher | null,
  cacheBytes: number,
): Promise<Recovered> {
  if (damage !== null) throw new DamageFound(damage);
  const db = disk.database;
  const stored = await db.get(HEAD_KEY);
  const decoded = stored && decodeHead(stored);
  if (stored && !decoded) throw new DamageFound("the database's head record is changed");
  const head = checkAnchor(decoded, anchor);
  const snapshot = await recoverSnapshot(db, head);
  const window = new LogWindow(head.base, cacheBytes);
  const packs = await recoverLog(db, head, cipher, window);
  if (head.hardState.commit > head.last.index)
    throw new DamageFound(
      `entry ${head.hardState.commit} was committed, but the log ends at ${head.last.index}`,
    );
  if (snapshot.index < head.base.index)
    throw new DamageFound(`the log starts after ${head.base.index}, above its snapshot`);
  return { head, snapshot, packs, window };
}
