import { assert } from "../../lib/assert.ts";
import { fittingCount } from "./entry-size.ts";
import { UnstableTail } from "./unstable.ts";
import type { Entry, LogView, SnapshotMeta } from "./types.ts";

/** Answer of {@link RaftLog.term} for an index outside of the log. No entry has this term. */
export const UNKNOWN_TERM = -1;

/** An index together with the term of a nearby entry; see {@link RaftLog.lastAtOrBelowTerm}. */
export interface LogPosition {
  readonly index: number;
  /** 0 when unknown. */
  readonly term: number;
}

/**
 * The whole log as Raft reasons about it: an unstable tail over the stable part, and how far it is
 * committed, handed out to be applied and applied.
 *
 * Invariant: `applied <= applying <= committed <= lastIndex()`.
 */
export class RaftLog {
  readonly #stable: LogView;
  readonly unstable: UnstableTail;
  readonly #maxApplyingBytes: number;
  committed: number;
  applying: number;
  applied: number;
  #applyingBytes = 0;
  #applyingPaused = false;

  constructor(stable: LogView, maxApplyingBytes: number) {
    this.#stable = stable;
    this.#maxApplyingBytes = Math.max(1, maxApplyingBytes);
    const base = stable.firstIndex() - 1;
    this.unstable = new UnstableTail(stable.lastIndex() + 1);
    this.committed = base;
    this.applying = base;
    this.applied = base;
  }

  firstIndex(): number {
    const { snapshot } = this.unstable;
    return snapshot ? snapshot.index + 1 : this.#stable.firstIndex();
  }

  lastIndex(): number {
    return this.unstable.lastIndex ?? this.#stable.lastIndex();
  }

  lastTerm(): number {
    return this.term(this.lastIndex());
  }

  /** Term of entry `index`; {@link UNKNOWN_TERM} when it is compacted or not there yet. */
  term(index: number): number {
    const held = this.unstable.term(index);
    if (held !== undefined) return held;
    if (index < this.firstIndex() - 1 || index > this.lastIndex()) return UNKNOWN_TERM;
    return this.#stable.term(index);
  }

  /**
   * Entries [lo, hi), at least one, as many as fit in `maxBytes`; null when the stable log cannot
   * give them at once. The range must lie within the log.
   */
  entries(lo: number, hi: number, maxBytes: number): readonly Entry[] | null {
    if (lo === hi) return [];
    const { offset } = this.unstable;
    assert(lo >= this.firstIndex() && hi <= this.lastIndex() + 1, "a range lies within the log");
    if (lo >= offset) return this.unstable.slice(lo, hi, maxBytes);
    const end = Math.min(hi, offset);
    const old = this.#stable.entries(lo, end, maxBytes);
    if (old === null || hi <= offset || old.length < end - lo) return old;
    // The stable part fitted whole; see what the tail can add.
    return fitTogether(old, this.unstable.slice(offset, hi, maxBytes), maxBytes);
  }

  /** The newest snapshot that can be sent; null when none is at hand now. */
  snapshot(): SnapshotMeta | null {
    return this.unstable.snapshot ?? this.#stable.snapshot();
  }

  /** Whether a log that ends at (index, term) is at least as complete as this one (§5.4.1). */
  isUpToDate(index: number, term: number): boolean {
    const lastTerm = this.lastTerm();
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex());
  }

  /** Appends to the end, or replaces what is at the entries' indexes and above. */
  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    assert(entries[0]!.index > this.committed, "committed entries are never replaced");
    this.unstable.replaceFrom(entries);
  }

  /**
   * Takes a leader's `entries` that follow (prevIndex, prevTerm). Existing entries that agree
   * stay; the first conflict and all above are replaced (Raft §5.3). Answers the index up to
   * which the log now agrees with the leader's, or null when it lacks the previous entry.
   */
  merge(prevIndex: number, prevTerm: number, entries: readonly Entry[]): number | null {
    if (this.term(prevIndex) !== prevTerm) return null;
    for (let i = 0; i < entries.length; i++) {
      const { index, term } = entries[i]!;
      if (this.term(index) === term) continue;
      assert(index > this.committed, `an append conflicts with committed entry ${index}`);
      this.append(i === 0 ? entries : entries.slice(i));
      break;
    }
    return prevIndex + entries.length;
  }

  /** Raises the commit index; it never falls. */
  commitTo(index: number): void {
    if (index <= this.committed) return;
    assert(
      index <= this.lastIndex(),
      `commit ${index} is within the log that ends at ${this.lastIndex()}: was the log truncated?`,
    );
    this.committed = index;
  }

  /**
   * The largest position at or below `index` whose term is at most `term`: where two logs may
   * still agree. Both sides use it to skip whole terms (Raft §5.3, fast back-off).
   */
  lastAtOrBelowTerm(index: number, term: number): LogPosition {
    for (let at = index; at > 0; at--) {
      const own = this.term(at);
      if (own === UNKNOWN_TERM) return { index: at, term: 0 };
      if (own <= term) return { index: at, term: own };
    }
    return { index: 0, term: 0 };
  }

  /** Last index that may be applied. With asynchronous writes only what is durable here. */
  #appliableTo(allowUnstable: boolean): number {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1);
  }

  /** Whether {@link nextCommitted} has anything to ask for. */
  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.#applyingPaused || this.unstable.snapshot) return false;
    return this.applying < this.#appliableTo(allowUnstable);
  }

  /** Range and budget of the next entries to apply, given {@link hasNextCommitted}. */
  nextCommittedRange(allowUnstable: boolean): { lo: number; hi: number; maxBytes: number } {
    return {
      lo: this.applying + 1,
      hi: this.#appliableTo(allowUnstable) + 1,
      maxBytes: Math.max(0, this.#maxApplyingBytes - this.#applyingBytes),
    };
  }

  /** Entries up to `index`, of `bytes`, were handed out to be applied. */
  acceptApplying(index: number, bytes: number, allowUnstable: boolean): void {
    this.applying = index;
    this.#applyingBytes += bytes;
    // A batch that was cut short by the limit also means: wait until some of it is applied.
    this.#applyingPaused =
      this.#applyingBytes >= this.#maxApplyingBytes || index < this.#appliableTo(allowUnstable);
  }

  /** Entries up to `index`, of `bytes`, are applied. */
  appliedTo(index: number, bytes: number): void {
    assert(index <= this.committed, `applied ${index} does not exceed commit ${this.committed}`);
    assert(index >= this.applied, `applied ${index} does not fall below ${this.applied}`);
    this.applied = index;
    this.applying = Math.max(this.applying, index);
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes);
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes;
  }

  /** Replaces everything by a snapshot that is being installed. */
  restore(snapshot: SnapshotMeta): void {
    this.committed = snapshot.index;
    this.unstable.restore(snapshot);
  }
}

/** `head`, which fits in `maxBytes`, and as much of `tail` as still fits. */
function fitTogether(
  head: readonly Entry[],
  tail: readonly Entry[],
  maxBytes: number,
): readonly Entry[] {
  const all = [...head, ...tail];
  const count = fittingCount(all, 0, all.length, maxBytes);
  return count === all.length ? all : all.slice(0, Math.max(count, head.length));
}
