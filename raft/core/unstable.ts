import { assert } from "../../lib/assert.ts";
import { fittingCount } from "./entry-size.ts";
import type { Entry, SnapshotMeta } from "./types.ts";

/**
 * The part of the log that is not known to be durable: entries from `offset` on, and perhaps a
 * snapshot being installed. Entries stay until the storage worker confirms them; those below
 * `handedOut` are with the worker already.
 *
 * Invariant: `offset <= handedOut <= offset + count`.
 */
export class UnstableTail {
  offset: number;
  /** Index of the first entry the worker has not been given. */
  handedOut: number;
  snapshot: SnapshotMeta | null = null;
  snapshotHandedOut = false;
  #entries: Entry[] = [];

  constructor(offset: number) {
    this.offset = offset;
    this.handedOut = offset;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** The last index known here, if any. */
  get lastIndex(): number | undefined {
    if (this.#entries.length > 0) return this.offset + this.#entries.length - 1;
    return this.snapshot?.index;
  }

  /** Term of `index` if it is held here. */
  term(index: number): number | undefined {
    if (index >= this.offset) return this.#entries[index - this.offset]?.term;
    return this.snapshot?.index === index ? this.snapshot.term : undefined;
  }

  /** Entries [lo, hi) within the tail: as many as fit in `maxBytes`, at least one. */
  slice(lo: number, hi: number, maxBytes: number): readonly Entry[] {
    const from = lo - this.offset;
    const to = hi - this.offset;
    assert(from >= 0 && to <= this.#entries.length, "a slice lies within the unstable tail");
    return this.#entries.slice(from, from + fittingCount(this.#entries, from, to, maxBytes));
  }

  get hasNewEntries(): boolean {
    return this.offset + this.#entries.length > this.handedOut;
  }

  /** Entries the worker has not been given. */
  newEntries(): readonly Entry[] {
    return this.#entries.slice(this.handedOut - this.offset);
  }

  get newSnapshot(): SnapshotMeta | null {
    return this.snapshotHandedOut ? null : this.snapshot;
  }

  /** The worker has now been given everything. */
  acceptAll(): void {
    this.handedOut = this.offset + this.#entries.length;
    if (this.snapshot) this.snapshotHandedOut = true;
  }

  /** Puts `entries` at their indexes; what was there and above is gone. */
  replaceFrom(entries: readonly Entry[]): void {
    const first = entries[0]!.index;
    assert(first <= this.offset + this.#entries.length, "the log has no holes");
    if (first <= this.offset) {
      this.offset = first;
      this.#entries.length = 0;
    } else {
      this.#entries.length = first - this.offset;
    }
    this.handedOut = Math.min(this.handedOut, first);
    for (const entry of entries) this.#entries.push(entry);
  }

  /**
   * Entries up to `index` are durable, if the one at `index` is still of `term`: the same index
   * may have been rewritten since the worker was asked (the ABA of asynchronous writes).
   */
  stableTo(index: number, term: number): void {
    if (index < this.offset || this.term(index) !== term) return;
    this.#entries = this.#entries.slice(index + 1 - this.offset);
    this.offset = index + 1;
    this.handedOut = Math.max(this.handedOut, this.offset);
  }

  /** The snapshot at `index` is durable. */
  stableSnapshotTo(index: number): void {
    if (this.snapshot?.index !== index) return;
    this.snapshot = null;
    this.snapshotHandedOut = false;
  }

  /** The whole log is replaced by `snapshot`. */
  restore(snapshot: SnapshotMeta): void {
    this.offset = snapshot.index + 1;
    this.handedOut = this.offset;
    this.#entries = [];
    this.snapshot = snapshot;
    this.snapshotHandedOut = false;
  }
}
