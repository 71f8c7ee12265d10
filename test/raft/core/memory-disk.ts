import assert from "node:assert/strict";
import { fittingCount } from "../../../raft/core/entry-size.ts";
import type {
  ConfState,
  Entry,
  HardState,
  LogView,
  SnapshotMeta,
} from "../../../raft/core/types.ts";

/** A member's durable state in memory; what the core sees of it is a plain {@link LogView}. */
export class MemoryDisk implements LogView {
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  /** The newest snapshot of the state machine. */
  newest: SnapshotMeta;
  /** Entries up to this index are not in memory: asking for them needs a fetch. */
  coldUpTo = 0;
  /** No snapshot can be given now. */
  snapshotBusy = false;
  #base: { readonly index: number; readonly term: number };
  #entries: Entry[] = [];

  constructor(newest: SnapshotMeta) {
    this.newest = newest;
    this.#base = { index: newest.index, term: newest.term };
  }

  firstIndex(): number {
    return this.#base.index + 1;
  }

  lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  term(index: number): number {
    if (index === this.#base.index) return this.#base.term;
    const entry = this.#entries[index - this.#base.index - 1];
    assert.ok(entry, `entry ${index} is retained`);
    return entry.term;
  }

  entries(lo: number, hi: number, maxBytes: number): readonly Entry[] | null {
    return lo <= this.coldUpTo ? null : this.read(lo, hi, maxBytes);
  }

  /** Reads what {@link entries} may refuse. */
  read(lo: number, hi: number, maxBytes: number): readonly Entry[] {
    assert.ok(lo >= this.firstIndex() && hi <= this.lastIndex() + 1 && lo < hi, `${lo}..${hi}`);
    const from = lo - this.firstIndex();
    const count = fittingCount(this.#entries, from, hi - this.firstIndex(), maxBytes);
    return this.#entries.slice(from, from + count);
  }

  snapshot(): SnapshotMeta | null {
    return this.snapshotBusy ? null : this.newest;
  }

  all(): readonly Entry[] {
    return this.#entries;
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (!first) return;
    assert.ok(first.index > this.#base.index, "compacted entries are not written again");
    assert.ok(first.index <= this.lastIndex() + 1, "the log has no holes");
    this.#entries = [...this.#entries.slice(0, first.index - this.firstIndex()), ...entries];
  }

  install(snapshot: SnapshotMeta): void {
    this.newest = snapshot;
    this.#base = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
  }

  /** The state machine at `index` can be sent from now on. */
  takeSnapshot(index: number, confState: ConfState): void {
    this.newest = { index, term: this.term(index), confState };
  }

  /** Drops entries up to `index`. */
  compact(index: number): void {
    const term = this.term(index);
    this.#entries = this.#entries.slice(index - this.#base.index);
    this.#base = { index, term };
  }
}
