import type { Status } from "../../core/types.ts";

/**
 * A leader keeps up to so many times the usual entries for members that follow more slowly than it
 * takes snapshots: sent a snapshot each time, they would start anew and never catch up.
 */
const KEEP_FOR_SLOW = 10;

/** What holds the log back. */
export interface Retention {
  /** Of the newest snapshot. */
  readonly snapshotIndex: number;
  /** Entries kept before it in any case. */
  readonly keepEntries: number;
  /** Indexes of snapshots under way: their receivers go on from there. */
  readonly sending: readonly number[];
  /** What a leader knows of its peers; empty elsewhere. */
  readonly progress: Status["progress"];
}

/** The last entry that nobody needs any more; below 1 when all are needed. */
export function compactThrough(retention: Retention): number {
  const { snapshotIndex, keepEntries, sending, progress } = retention;
  let slowest = Infinity;
  for (const { view } of progress)
    if (view.recentActive && view.state === "replicate") slowest = Math.min(slowest, view.match);
  const patience = snapshotIndex - keepEntries * KEEP_FOR_SLOW;
  return Math.min(snapshotIndex - keepEntries, Math.max(slowest, patience), ...sending);
}
