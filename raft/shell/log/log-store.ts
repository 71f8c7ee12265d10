import type { Entry, HardState } from "../../core/types.ts";
import type { LogPoint } from "./log-window.ts";

/** Entries held in memory beside the disk, so that the core's reads are synchronous. */
export const LOG_CACHE_BYTES = 64 * 1024 * 1024;

/**
 * Writes and compactions that may wait for the disk. Whoever appends, takes snapshots or compacts
 * waits for each before the next: more than a few at a time are a mistake of the caller.
 */
export const WAITING_WRITES_MAX = 64;

/**
 * The newest snapshot the log rests on. `data` describes it (configuration, members, file); it is
 * opaque to the store, which only promises to keep it together with the log it belongs to.
 */
export interface SnapshotPoint extends LogPoint {
  readonly data: Uint8Array;
}

/** One atomic write: all of it is durable, or none. */
export interface LogWrite {
  /** Contiguous; whatever the log holds at or above the first one's index is replaced. */
  readonly entries: readonly Entry[];
  /** Null leaves it as it is. */
  readonly hardState: HardState | null;
  /**
   * Null leaves it as it is. The log is kept if it contains the snapshot's last entry under the
   * same term and discarded otherwise: what it holds then is not the history the snapshot ends
   * (raft.md, traps 11 and 12). One that is no newer than the stored one changes nothing: it was
   * overtaken while it was being taken.
   */
  readonly snapshot: SnapshotPoint | null;
}

/**
 * Durable log, hard state and snapshot description of one member. Reads answer from memory and
 * show only what is durable. Writes are queued and take effect in order; a failed write breaks the
 * store for good, because the kernel may have dropped what it could not write.
 */
export interface LogStore {
  /** How often this store was opened, this time included. Binds messages to one life. */
  readonly boot: number;
  readonly hardState: HardState;
  /** Index 0 when there is none. */
  readonly snapshot: SnapshotPoint;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Term of the entry at `index`; undefined below `firstIndex - 1` and above `lastIndex`. */
  term(index: number): number | undefined;
  /**
   * Entries `lo` … `hi - 1`, at most `maxBytes` of data but always one. Undefined when they are
   * no longer in memory: use {@link read}.
   */
  entries(lo: number, hi: number, maxBytes: number): Entry[] | undefined;
  /** Like {@link entries}, from the disk. Resolves with undefined when `lo` was compacted away. */
  read(lo: number, hi: number, maxBytes: number): Promise<Entry[] | undefined>;
  /**
   * Resolves when the write is durable and visible.
   * @throws SwarmError `exhausted` (disk full) or `internal`; no later write succeeds then.
   *   `exhausted` also when too many wait: that one alone is not written
   */
  write(write: LogWrite): Promise<void>;
  /**
   * Drops entries up to `through`, which the snapshot must cover. May keep a few more than asked,
   * because entries are stored in packs.
   */
  compact(through: number): Promise<void>;
  /** Waits for queued writes and lets go of the disk. */
  close(): Promise<void>;
}

/** What a new member starts from. */
export const EMPTY_HARD_STATE: HardState = Object.freeze({ term: 0, vote: 0, commit: 0 });

export const NO_SNAPSHOT: SnapshotPoint = Object.freeze({
  index: 0,
  term: 0,
  data: new Uint8Array(),
});
