import type { Acknowledgements } from "./quorum.ts";
import type { Tracker } from "./tracker.ts";
import type { Id } from "./types.ts";

/** Reads that may wait at once: on a leader all, on a follower those it has passed on. */
export const READS_MAX = 100_000;

/** A read that waits for its confirmation. */
export interface PendingRead {
  /** The asker's own number. */
  readonly id: number;
  /** Who asked: this node or a follower. */
  readonly from: Id;
  /** The commit index when it was asked. */
  readonly index: number;
  /** The first heartbeat round whose answers prove that this node led after the read came in. */
  readonly round: number;
}

/**
 * Reads of one leadership (Raft §6.4). Heartbeat broadcasts are numbered; a read is confirmed when
 * a quorum answered a broadcast that was made after the read came in. Askers' numbers play no part
 * in that, so duplicates and late answers cannot confirm a newer read; one broadcast confirms all
 * reads before it.
 */
export class ReadQueue implements Acknowledgements {
  readonly #self: Id;
  readonly #tracker: Tracker;
  #round = 0;
  #pending: PendingRead[] = [];
  /** Asked before anything was committed in this term: {id, from}, in order. */
  #early: { readonly id: number; readonly from: Id }[] = [];

  constructor(self: Id, tracker: Tracker) {
    this.#self = self;
    this.#tracker = tracker;
  }

  /** The newest broadcast's number. */
  get round(): number {
    return this.#round;
  }

  /** Numbers the next broadcast. */
  nextRound(): number {
    this.#round++;
    return this.#round;
  }

  /** Whether some read waits for a broadcast that was not made yet. */
  get needsBroadcast(): boolean {
    return (this.#pending.at(-1)?.round ?? 0) > this.#round;
  }

  /** No further read may be taken in. */
  get full(): boolean {
    return this.#pending.length + this.#early.length >= READS_MAX;
  }

  add(id: number, from: Id, index: number): void {
    this.#pending.push({ id, from, index, round: this.#round + 1 });
  }

  /** Holds a read back until the leader has committed an entry of its term. */
  postpone(id: number, from: Id): void {
    this.#early.push({ id, from });
  }

  takePostponed(): readonly { readonly id: number; readonly from: Id }[] {
    if (this.#early.length === 0) return this.#early;
    const early = this.#early;
    this.#early = [];
    return early;
  }

  acked(id: Id): number {
    if (id === this.#self) return Infinity;
    return this.#tracker.progress(id)?.ackedRound ?? 0;
  }

  /** Takes the reads that a quorum has confirmed, oldest first. */
  takeConfirmed(): readonly PendingRead[] {
    if (this.#pending.length === 0) return [];
    const reached = this.#tracker.reached(this);
    let count = 0;
    while (count < this.#pending.length && this.#pending[count]!.round <= reached) count++;
    return count === 0 ? [] : this.#pending.splice(0, count);
  }

  /** Ends the leadership's reads; answers those that this node itself asked. */
  reset(): readonly number[] {
    const own: number[] = [];
    for (const { id, from } of this.#early) if (from === this.#self) own.push(id);
    for (const { id, from } of this.#pending) if (from === this.#self) own.push(id);
    this.#early = [];
    this.#pending = [];
    this.#round = 0;
    return own;
  }
}
