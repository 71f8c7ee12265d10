import { assert } from "../../../lib/assert.ts";
import type { SwarmError } from "../../../lib/errors.ts";
import { SerialQueue } from "../../../lib/serial-queue.ts";
import type { Entry, HardState } from "../../core/types.ts";
import type { Cipher } from "../keys/cipher.ts";
import { checksum, type ChainPoint, type LogHead } from "./log-head.ts";
import { LogDisk, type LogDiskOptions } from "./log-disk.ts";
import {
  packAt,
  packEntries,
  packKey,
  readPack,
  SNAPSHOT_KEY,
  type LogOperation,
  type Pack,
} from "./log-pack.ts";
import { CHAIN_START } from "./log-record.ts";
import { DamageFound, recover, type Recovered } from "./log-recovery.ts";
import {
  LOG_CACHE_BYTES,
  WAITING_WRITES_MAX,
  type LogStore,
  type LogWrite,
  type SnapshotPoint,
} from "./log-store.ts";
import { takeBytes, type LogWindow } from "./log-window.ts";
import { damaged, storageError } from "./storage-error.ts";

/** Packs removed by one batch of a compaction, so that no batch delays appends for long. */
const COMPACT_PACKS_MAX = 1024;

export interface LevelLogStoreOptions extends LogDiskOptions {
  /** Bound of the entries kept in memory. @default LOG_CACHE_BYTES */
  readonly cacheBytes?: number;
  /** Seals the packs; null writes them in clear. @default null */
  readonly cipher?: Cipher | null;
}

/** What one write changes, decided before anything is written. */
interface Plan {
  readonly operations: readonly LogOperation[];
  readonly head: LogHead;
  /** Packs that stay, and those that follow them. */
  readonly kept: number;
  readonly added: readonly Pack[];
  /** The log restarts after the snapshot. */
  readonly reset: boolean;
  /** Takes the place of the stored one. */
  readonly snapshot: SnapshotPoint | null;
}

/**
 * The log in LevelDB, packed, checksummed and hash-chained, behind a journal: one synced write for
 * each of the callers'.
 */
export class LevelLogStore implements LogStore {
  readonly #directory: string;
  readonly #disk: LogDisk;
  readonly #cipher: Cipher | null;
  readonly #packs: Pack[];
  readonly #window: LogWindow;
  readonly #writes = new SerialQueue({ what: "writes of the Raft log", max: WAITING_WRITES_MAX });
  #head: LogHead;
  #snapshot: SnapshotPoint;
  #broken: SwarmError | undefined;

  private constructor(options: LevelLogStoreOptions, disk: LogDisk, recovered: Recovered) {
    this.#directory = options.directory;
    this.#cipher = options.cipher ?? null;
    this.#disk = disk;
    this.#packs = recovered.packs;
    this.#window = recovered.window;
    this.#head = recovered.head;
    this.#snapshot = recovered.snapshot;
  }

  /**
   * Opens or creates the store, proves it whole and counts the boot.
   * @throws SwarmError `internal` when it is damaged, `failed-precondition` when another process
   *   has it open, `exhausted` when the disk is full
   */
  static async open(options: LevelLogStoreOptions): Promise<LevelLogStore> {
    const { directory, cipher = null, cacheBytes = LOG_CACHE_BYTES } = options;
    const opened = await LogDisk.open(options);
    try {
      const recovered = await recover(opened, cipher, cacheBytes);
      const store = new LevelLogStore(options, opened.disk, recovered);
      await store.#enqueue(() => store.#countBoot());
      return store;
    } catch (error) {
      await opened.disk.close(false);
      if (error instanceof DamageFound) throw damaged(directory, error.message);
      throw error;
    }
  }

  get boot(): number {
    return this.#head.boot;
  }

  get hardState(): HardState {
    return this.#head.hardState;
  }

  get snapshot(): SnapshotPoint {
    return this.#snapshot;
  }

  get firstIndex(): number {
    return this.#window.firstIndex;
  }

  get lastIndex(): number {
    return this.#window.lastIndex;
  }

  term(index: number): number | undefined {
    return this.#window.term(index);
  }

  entries(lo: number, hi: number, maxBytes: number): Entry[] | undefined {
    return this.#window.entries(lo, hi, maxBytes);
  }

  async read(lo: number, hi: number, maxBytes: number): Promise<Entry[] | undefined> {
    const found: Entry[] = [];
    let bytes = 0;
    for (let at = packAt(this.#packs, lo); bytes <= maxBytes; at++) {
      const pack = this.#packs[at];
      if (!pack || pack.first >= hi) break;
      const entries = await readPack(this.#disk, pack, this.#cipher);
      // A pack may have been compacted away or rewritten while it was read.
      if (this.#packs[at] !== pack) break;
      if (typeof entries === "string") throw damaged(this.#directory, entries);
      for (const entry of entries) {
        if (entry.index < lo || entry.index >= hi) continue;
        bytes += entry.data.length;
        found.push(entry);
      }
    }
    return found.length === 0 ? undefined : takeBytes(found, 0, found.length, maxBytes);
  }

  write(write: LogWrite): Promise<void> {
    return this.#enqueue(async () => {
      const plan = await this.#plan(write);
      await this.#commit(plan.operations, plan.head);
      if (plan.reset) this.#window.reset(plan.head.base);
      if (plan.snapshot) this.#snapshot = plan.snapshot;
      this.#packs.splice(plan.kept, this.#packs.length - plan.kept, ...plan.added);
      this.#window.append(write.entries);
    });
  }

  async compact(through: number): Promise<void> {
    while (await this.#enqueue(() => this.#compactSome(through)));
  }

  async close(): Promise<void> {
    await this.#writes.settled();
    await this.#disk.close(this.#broken === undefined);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    return this.#writes.run(() => {
      if (this.#broken) throw this.#broken;
      return task();
    });
  }

  async #plan(write: LogWrite): Promise<Plan> {
    const operations: LogOperation[] = [];
    let { base, last, snapshot } = this.#head;
    let kept = this.#packs.length;
    let reset = false;
    const newer = write.snapshot && write.snapshot.index > snapshot.index ? write.snapshot : null;
    if (newer) {
      const { index, term, data } = newer;
      operations.push({ type: "put", key: SNAPSHOT_KEY, value: data });
      snapshot = { index, term, chain: checksum(data) };
      reset = this.#window.term(index) !== term;
    }
    if (reset) {
      base = last = { index: snapshot.index, term: snapshot.term, chain: CHAIN_START };
      kept = 0;
    }
    const first = write.entries[0];
    let entries = write.entries;
    if (first) {
      assert(first.index > base.index && first.index <= last.index + 1, "a write leaves no gap");
      if (!reset) kept = packAt(this.#packs, first.index);
      entries = [...(await this.#straddling(kept, first.index)), ...entries];
    }
    for (const pack of this.#packs.slice(kept))
      operations.push({ type: "del", key: packKey(pack.first) });
    const chain = this.#packs[kept - 1]?.chain ?? base.chain;
    const packed = packEntries(entries, chain, this.#cipher);
    operations.push(...packed.operations);
    const end = entries.at(-1);
    const tail = packed.packs.at(-1);
    if (end && tail) last = { index: end.index, term: end.term, chain: tail.chain };
    const hardState = write.hardState ?? this.#head.hardState;
    const head = { ...this.#nextHead(), hardState, base, last, snapshot };
    return { operations, head, kept, added: packed.packs, reset, snapshot: newer };
  }

  /** Entries below `from` that share a pack with it: they move into the pack that replaces it. */
  async #straddling(at: number, from: number): Promise<readonly Entry[]> {
    const pack = this.#packs[at];
    if (!pack || pack.first >= from) return [];
    const entries = await readPack(this.#disk, pack, this.#cipher);
    if (typeof entries === "string") throw damaged(this.#directory, entries);
    return entries.slice(0, from - pack.first);
  }

  #nextHead(): LogHead {
    return { ...this.#head, sequence: this.#head.sequence + 1 };
  }

  async #countBoot(): Promise<void> {
    await this.#commit([], { ...this.#nextHead(), boot: this.#head.boot + 1 });
  }

  /** Returns whether packs are left to remove. */
  async #compactSome(through: number): Promise<boolean> {
    assert(through <= this.#snapshot.index, "only what a snapshot covers is compacted");
    // packAt finds the first pack that must stay.
    const count = Math.min(packAt(this.#packs, through + 1), COMPACT_PACKS_MAX);
    const removed = this.#packs.slice(0, count);
    const end = removed.at(-1);
    if (!end) return false;
    const term = this.#window.term(end.last);
    assert(term !== undefined, "a stored pack lies inside the log");
    const base: ChainPoint = { index: end.last, term, chain: end.chain };
    const operations = removed.map(({ first }) => ({ type: "del" as const, key: packKey(first) }));
    await this.#commit(operations, { ...this.#nextHead(), base });
    this.#packs.splice(0, count);
    this.#window.compact(end.last);
    return count === COMPACT_PACKS_MAX;
  }

  async #commit(operations: readonly LogOperation[], head: LogHead): Promise<void> {
    const { term, vote } = this.#head.hardState;
    const voted = head.hardState.term !== term || head.hardState.vote !== vote;
    try {
      await this.#disk.commit(operations, head, voted || head.boot !== this.#head.boot);
    } catch (error) {
      this.#broken = storageError("writing the Raft log in", this.#directory, error);
      throw this.#broken;
    }
    this.#head = head;
  }
}
