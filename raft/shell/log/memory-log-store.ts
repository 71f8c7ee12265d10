import { assert } from "../../../lib/assert.ts";
import { SerialQueue } from "../../../lib/serial-queue.ts";
import type { Entry, HardState } from "../../core/types.ts";
import { EMPTY_HARD_STATE, NO_SNAPSHOT, WAITING_WRITES_MAX } from "./log-store.ts";
import type { LogStore, LogWrite, SnapshotPoint } from "./log-store.ts";
import { LogWindow, takeBytes } from "./log-window.ts";

/** What outlives a {@link MemoryLogStore}: the simulated disk. */
export class MemoryDisk {
  boot = 0;
  hardState: HardState = EMPTY_HARD_STATE;
  snapshot: SnapshotPoint = NO_SNAPSHOT;
  base = { index: 0, term: 0 };
  entries: Entry[] = [];
}

/** The log in memory, for tests and simulations: same promises, as durable as its disk object. */
export class MemoryLogStore implements LogStore {
  readonly #disk: MemoryDisk;
  readonly #window: LogWindow;
  readonly #writes = new SerialQueue({ what: "writes of the Raft log", max: WAITING_WRITES_MAX });

  private constructor(disk: MemoryDisk, cacheBytes: number) {
    this.#disk = disk;
    this.#window = new LogWindow(disk.base, cacheBytes);
    this.#window.append(disk.entries);
  }

  /** Opens `disk` once more; `cacheBytes` bounds what {@link entries} serves. */
  static open(disk: MemoryDisk, cacheBytes = Number.MAX_SAFE_INTEGER): Promise<MemoryLogStore> {
    disk.boot++;
    return Promise.resolve(new MemoryLogStore(disk, cacheBytes));
  }

  get boot(): number {
    return this.#disk.boot;
  }

  get hardState(): HardState {
    return this.#disk.hardState;
  }

  get snapshot(): SnapshotPoint {
    return this.#disk.snapshot;
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

  read(lo: number, hi: number, maxBytes: number): Promise<Entry[] | undefined> {
    const { base, entries } = this.#disk;
    const from = lo - base.index - 1;
    const to = Math.min(hi - base.index - 1, entries.length);
    return Promise.resolve(
      from < 0 || from >= to ? undefined : takeBytes(entries, from, to, maxBytes),
    );
  }

  write(write: LogWrite): Promise<void> {
    return this.#writes.run(async () => {
      const disk = this.#disk;
      if (write.hardState) disk.hardState = write.hardState;
      if (write.snapshot && write.snapshot.index > disk.snapshot.index) {
        const { index, term } = write.snapshot;
        disk.snapshot = write.snapshot;
        if (this.#window.term(index) !== term) {
          disk.base = { index, term };
          disk.entries = [];
          this.#window.reset(disk.base);
        }
      }
      const first = write.entries[0];
      if (first) disk.entries.splice(first.index - disk.base.index - 1);
      this.#window.append(write.entries);
      for (const entry of write.entries) disk.entries.push(entry);
    });
  }

  compact(through: number): Promise<void> {
    return this.#writes.run(async () => {
      assert(through <= this.#disk.snapshot.index, "only what a snapshot covers is compacted");
      if (through <= this.#disk.base.index) return;
      this.#disk.entries.splice(0, through - this.#disk.base.index);
      this.#window.compact(through);
      this.#disk.base = this.#window.base;
    });
  }

  close(): Promise<void> {
    return this.#writes.settled();
  }
}
