import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock, type Clock } from "../../../lib/clock.ts";
import { sameBytes } from "./binary.ts";
import { HeadFile, syncDirectory } from "./head-file.ts";
import { encodeFrame, scanJournal } from "./journal-frame.ts";
import { Journal } from "./journal.ts";
import { openDatabase } from "./log-database.ts";
import { decodeHead, EMPTY_HEAD, encodeHead, type LogHead } from "./log-head.ts";
import { HEAD_KEY, type LogDatabase, type LogOperation } from "./log-pack.ts";
import { storageError } from "./storage-error.ts";

/**
 * Writes in the journal are moved to the database when it is full: a second's worth at full load,
 * and little enough to be one batch that holds up the log for some milliseconds only.
 */
const JOURNAL_BYTES = 1024 * 1024;

/**
 * Larger writes go to the database at once, in another thread: with so many entries to a write the
 * hand-overs are shared by all of them, and the next ones are prepared meanwhile.
 */
const FRAME_BYTES_MAX = 8 * 1024;

export interface LogDiskOptions {
  /** Holds `log/` (LevelDB), `journal` and `head` (the anchor); created with mode 0700. */
  readonly directory: string;
  /** Size of the journal; 0 writes everything to the database. @default JOURNAL_BYTES */
  readonly journalBytes?: number;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "monotonic">;
}

/** Where a log store has its journal. */
export function journalPath(directory: string): string {
  return join(directory, "journal");
}

/** What opening a {@link LogDisk} found. */
export interface OpenedDisk {
  readonly disk: LogDisk;
  /** The newest head in the anchor file, if any is whole. */
  readonly anchor: LogHead | undefined;
  /** What the journal has lost, or null. */
  readonly damage: string | null;
}

/**
 * The files of a log store. A write goes to the journal first and to the database with others;
 * what the journal holds when it is opened is moved there before anything is read.
 */
export class LogDisk {
  readonly database: LogDatabase;
  readonly #journal: Journal;
  readonly #anchor: HeadFile;
  /** What is in the journal and not in the database yet; as large as the journal at most. */
  #unmoved: LogOperation[] = [];
  /** The encoded head that goes with it; null when everything is in the database. */
  #unmovedHead: Uint8Array | null = null;

  private constructor(database: LogDatabase, journal: Journal, anchor: HeadFile) {
    this.database = database;
    this.#journal = journal;
    this.#anchor = anchor;
  }

  /**
   * Opens or creates the files.
   * @throws SwarmError as {@link openDatabase}; `exhausted` or `internal` when the journal cannot be
   *   written
   */
  static async open(options: LogDiskOptions): Promise<OpenedDisk> {
    const { directory, journalBytes = JOURNAL_BYTES, clock = systemClock } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    const database = await openDatabase(directory);
    try {
      const { journal, content } = Journal.open(journalPath(directory), journalBytes, clock);
      const damage = await replay(database, content);
      const { file, head: anchor } = HeadFile.open(join(directory, "head"));
      syncDirectory(directory);
      return { disk: new LogDisk(database, journal, file), anchor, damage };
    } catch (error) {
      await database.close();
      throw storageError("opening the Raft log in", directory, error);
    }
  }

  /** The newest value of a key. */
  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const recent = this.#unmoved.findLast((operation) => sameBytes(operation.key, key));
    if (!recent) return this.database.get(key);
    return Promise.resolve(recent.type === "put" ? recent.value : undefined);
  }

  /** Makes operations and head durable, all or none, then moves the anchor. */
  async commit(
    operations: readonly LogOperation[],
    head: LogHead,
    syncAnchor: boolean,
  ): Promise<void> {
    const bytes = encodeHead(head);
    const frame = encodeFrame(head.sequence, bytes, operations);
    if (frame.length <= FRAME_BYTES_MAX && this.#journal.fits(frame.length)) {
      await this.#journal.append(frame);
      for (const operation of operations) this.#unmoved.push(operation);
      this.#unmovedHead = bytes;
    } else await this.#move(operations, bytes);
    this.#anchor.write(head.sequence, bytes, syncAnchor);
  }

  /** Lets go of the files. With `move` nothing is left in the journal. */
  async close(move: boolean): Promise<void> {
    try {
      if (move && this.#unmovedHead) await this.#move([], this.#unmovedHead);
    } finally {
      this.#journal.close();
      this.#anchor.close();
      await this.database.close();
    }
  }

  /** Writes what the journal holds, and then `operations`, to the database. */
  async #move(operations: readonly LogOperation[], head: Uint8Array): Promise<void> {
    const put: LogOperation = { type: "put", key: HEAD_KEY, value: head };
    // Always synced: of two batches LevelDB may lose the first and not the second when it has begun
    // another file between them.
    await this.database.batch([...this.#unmoved, ...operations, put], { sync: true });
    this.#unmoved = [];
    this.#unmovedHead = null;
    this.#journal.rewind();
  }
}

/** Moves what a journal has to the database; a string says what is missing in it. */
async function replay(database: LogDatabase, content: Uint8Array): Promise<string | null> {
  const stored = await database.get(HEAD_KEY);
  const head = stored ? decodeHead(stored) : EMPTY_HEAD;
  // The head itself is damaged, which whoever reads the log next will find.
  if (!head) return null;
  const { frames, damage } = scanJournal(content, head.sequence);
  const operations = frames.flatMap((frame) => frame.operations);
  if (operations.length > 0) await database.batch([...operations], { sync: true });
  return damage;
}
