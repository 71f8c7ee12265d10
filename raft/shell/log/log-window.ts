import { assert } from "../../../lib/assert.ts";
import type { Entry } from "../../core/types.ts";

/** Position of one entry. */
export interface LogPoint {
  readonly index: number;
  readonly term: number;
}

/** Fixed cost counted for an entry beside its data, so that empty entries are bounded too. */
const ENTRY_OVERHEAD_BYTES = 64;

/** Memory an entry is counted with. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

/**
 * The part of a log that answers without I/O: the terms of everything retained, as runs (a few
 * pairs per leader change), and the newest entries up to `bytesMax`. It follows truncation
 * strictly: appending at index i forgets everything at and above i.
 */
export class LogWindow {
  readonly #bytesMax: number;
  #base: LogPoint;
  /** Each run starts where its term first occurs; ascending, the first at base.index + 1. */
  #runs: LogPoint[] = [];
  #last: number;
  /** Newest entries; those below `#head` are already forgotten. */
  #entries: Entry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(base: LogPoint, bytesMax: number) {
    this.#base = base;
    this.#last = base.index;
    this.#bytesMax = bytesMax;
  }

  /** The point before the first retained entry. */
  get base(): LogPoint {
    return this.#base;
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#last;
  }

  get lastTerm(): number {
    return this.#runs.at(-1)?.term ?? this.#base.term;
  }

  /** Index of the oldest entry held in memory; `lastIndex + 1` when none is. */
  get firstCached(): number {
    return this.#last - (this.#entries.length - this.#head) + 1;
  }

  /** Term of the entry at `index`, undefined outside base … last. */
  term(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term;
    if (index <= this.#base.index || index > this.#last) return undefined;
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#runs[middle] as LogPoint).index <= index) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low]?.term;
  }

  /**
   * Entries from `lo` up to but without `hi`, at most `maxBytes` of data but always one;
   * undefined when `lo` is no longer in memory.
   */
  entries(lo: number, hi: number, maxBytes: number): Entry[] | undefined {
    assert(lo > this.#base.index && hi <= this.#last + 1 && lo <= hi, "the range is in the log");
    if (lo === hi) return [];
    const first = this.firstCached;
    if (lo < first) return undefined;
    const offset = this.#head - first;
    return takeBytes(this.#entries, lo + offset, hi + offset, maxBytes);
  }

  /** Appends contiguous entries, first forgetting everything from the first one's index on. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (!first) return;
    assert(
      first.index > this.#base.index && first.index <= this.#last + 1,
      "an append leaves no gap",
    );
    if (first.index <= this.#last) this.truncate(first.index);
    for (const entry of entries) {
      assert(entry.index === this.#last + 1, "entries are contiguous");
      assert(entry.term >= this.lastTerm, "terms never fall along the log");
      if (entry.term !== this.lastTerm || this.#runs.length === 0)
        this.#runs.push({ index: entry.index, term: entry.term });
      this.#last = entry.index;
      this.#entries.push(entry);
      this.#bytes += entryBytes(entry);
    }
    this.#evict();
  }

  /** Forgets everything at and above `from`. */
  truncate(from: number): void {
    assert(from > this.#base.index && from <= this.#last, "truncation starts inside the log");
    const kept = Math.max(0, from - this.firstCached);
    for (const entry of this.#entries.splice(this.#head + kept)) this.#bytes -= entryBytes(entry);
    this.#last = from - 1;
    while ((this.#runs.at(-1)?.index ?? 0) >= from) this.#runs.pop();
  }

  /** Forgets everything up to and including `through`, which becomes the base. */
  compact(through: number): void {
    const term = this.term(through);
    assert(term !== undefined, "compaction stays inside the log");
    const drop = through + 1 - this.firstCached;
    if (drop > 0) this.#drop(drop);
    this.#base = { index: through, term };
    while (this.#runs[1] && this.#runs[1].index <= through + 1) this.#runs.shift();
    if (through === this.#last) this.#runs = [];
    else this.#runs[0] = { index: through + 1, term: (this.#runs[0] as LogPoint).term };
  }

  /** Forgets everything; the log continues after `base`. */
  reset(base: LogPoint): void {
    this.#base = base;
    this.#last = base.index;
    this.#runs = [];
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  /** Keeps to the memory bound; at least the newest entry stays. */
  #evict(): void {
    let count = 0;
    let bytes = this.#bytes;
    while (bytes > this.#bytesMax && this.#head + count < this.#entries.length - 1)
      bytes -= entryBytes(this.#entries[this.#head + count++] as Entry);
    if (count > 0) this.#drop(count);
  }

  #drop(count: number): void {
    const end = this.#head + count;
    for (let i = this.#head; i < end; i++) this.#bytes -= entryBytes(this.#entries[i] as Entry);
    this.#head = end;
    // Moving the array costs its length, so it waits until half of it is dead.
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    } else this.#entries.fill(DEAD, end - count, end);
  }
}

/** Stands for a forgotten entry, so that its data can be collected. */
const DEAD: Entry = Object.freeze({ type: "normal", index: 0, term: 0, data: new Uint8Array() });

/** `entries[from … to)` cut at `maxBytes` of data, but at least one. */
export function takeBytes(
  entries: readonly Entry[],
  from: number,
  to: number,
  maxBytes: number,
): Entry[] {
  let end = from + 1;
  let bytes = (entries[from] as Entry).data.length;
  while (end < to) {
    bytes += (entries[end] as Entry).data.length;
    if (bytes > maxBytes) break;
    end++;
  }
  return entries.slice(from, end);
}
