import { Inflights } from "./inflights.ts";
import type { EntryFetch, Id, ProgressState, ProgressView } from "./types.ts";

/** Bounds of what may be on its way to one peer. */
export interface WindowLimits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/**
 * What a leader knows of one peer's log, and what it may send next (Raft §5.3).
 *
 * Invariant: `match < next`. In probe state one append is sent at a time and `next` stays; in
 * replicate state `next` moves with what is sent; in snapshot state nothing is sent.
 */
export class Progress {
  readonly id: Id;
  readonly inflights: Inflights;
  state: ProgressState = "probe";
  match = 0;
  next: number;
  isLearner: boolean;
  /** Heard from since the last CheckQuorum round. New peers count as active. */
  recentActive = true;
  /** Index of the snapshot under way; 0 = none. */
  pendingSnapshot = 0;
  /** Appends wait for an answer or a heartbeat response. */
  flowPaused = false;
  /** The highest commit index that is on its way to the peer; may fall when appends are lost. */
  sentCommit = 0;
  /** What the peer itself last said it had committed; see `tellCommit`. */
  saidCommit = 0;
  /** Entries for the peer are being read; nothing is sent until they arrive. */
  fetch: EntryFetch | null = null;
  /** The newest heartbeat round the peer answered, see read-queue.ts. */
  ackedRound = 0;
  /** When that round was sent, monotonic ms; −Infinity = never. */
  leaseStart = -Infinity;

  constructor(id: Id, next: number, isLearner: boolean, limits: WindowLimits) {
    this.id = id;
    this.next = next;
    this.isLearner = isLearner;
    this.inflights = new Inflights(limits.maxInflightMessages, limits.maxInflightBytes);
  }

  /** Back to nothing known, at the start of a leadership. */
  restart(next: number): void {
    this.#enter("probe");
    this.match = 0;
    this.next = next;
    this.recentActive = false;
    this.sentCommit = 0;
    this.saidCommit = 0;
    this.ackedRound = 0;
    this.leaseStart = -Infinity;
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.flowPaused = false;
    this.pendingSnapshot = 0;
    this.fetch = null;
    this.inflights.reset();
  }

  becomeProbe(): void {
    // After a snapshot that was delivered, probing goes on behind it, whatever was known before.
    const next = this.state === "snapshot" ? this.pendingSnapshot + 1 : 0;
    this.#enter("probe");
    this.next = Math.max(this.match + 1, next);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.#enter("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** No append may be sent now. */
  get paused(): boolean {
    return this.flowPaused || this.state === "snapshot" || this.fetch !== null;
  }

  /** Accounts for an append of `count` entries that starts at `next`. */
  sentEntries(count: number, bytes: number): void {
    if (this.state === "replicate") {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      this.flowPaused = this.inflights.full;
    } else if (count > 0) {
      this.flowPaused = true;
    }
  }

  /** Whether telling the peer of `commit` could raise its own commit index. */
  canRaiseCommit(commit: number): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** The peer said that it has committed up to `index`; answers may come out of order. */
  hasCommitted(index: number): void {
    this.saidCommit = Math.max(this.saidCommit, index);
  }

  /** The peer holds everything up to `index`. Answers whether that was news. */
  acknowledged(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.flowPaused = false;
    return true;
  }

  /**
   * The peer refused the append that follows `rejected`; its log may agree up to `hint`. Answers
   * false when the refusal is stale. Never moves `next` to `match` or below.
   */
  rejected(rejected: number, hint: number): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
      this.flowPaused = false;
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    return true;
  }

  view(): ProgressView {
    return {
      state: this.state,
      match: this.match,
      next: this.next,
      isLearner: this.isLearner,
      paused: this.paused,
      pendingSnapshot: this.pendingSnapshot,
      recentActive: this.recentActive,
      inflight: this.inflights.count,
      inflightBytes: this.inflights.bytes,
      inflightFull: this.inflights.full,
    };
  }
}
