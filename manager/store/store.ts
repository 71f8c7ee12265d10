import { cancelled } from "../../lib/abort.ts";
import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import { Fanout } from "../../lib/watch.ts";
import type { CommittedEntry, RaftNode, StateMachine } from "../../raft/index.ts";
import { CommitHistory } from "./history.ts";
import { decodeSnapshot, diffEvents, encodeSnapshot } from "./snapshot.ts";
import { Tables, type StoreEvent, type StoreView } from "./tables.ts";
import {
  decodeProposal,
  encodeProposal,
  originOf,
  Transaction,
  type Proposal,
} from "./transaction.ts";
import type { Refusal } from "./claims.ts";

/** How often `update` runs its callback again after it lost a race. */
const UPDATE_ATTEMPTS_MAX = 8;

/** A transaction larger than this is refused: it would stall every other one. */
export const TRANSACTION_BYTES_MAX = 4 << 20;

/** One applied transaction. */
export interface Commit {
  /** Raft index of the entry; the version of every object in `events`. */
  readonly version: number;
  readonly events: readonly StoreEvent[];
}

/** What the store needs of consensus. */
export type Proposer = Pick<RaftNode, "propose" | "status">;

interface Pending {
  readonly proposal: Proposal;
  outcome: "open" | "done" | Refusal;
}

/**
 * The replicated state of the cluster. Reads are synchronous on the local copy; writes go through
 * Raft and are checked again when they are applied, alike on every manager, so that any number of
 * them may be in flight.
 */
export class Store implements StateMachine {
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(commit: Commit) => void>();
  readonly #fanout = new Fanout<Commit>();
  readonly #history = new CommitHistory();
  #tables = new Tables();
  #version = 0;
  #sequence = 0;
  #proposer: Proposer | undefined;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#origin = random.int(Number.MAX_SAFE_INTEGER);
  }

  /** Connects the store to its Raft node, which is opened with this store as state machine. */
  attach(proposer: Proposer): void {
    this.#proposer = proposer;
  }

  /** The committed state as applied here. Valid until the caller next awaits. */
  get view(): StoreView {
    return this.#tables.view;
  }

  /** Raft index of the last entry applied here. */
  get version(): number {
    return this.#version;
  }

  /**
   * Builds a transaction with `build`, replicates it and resolves when it is applied here. When
   * another transaction got in between, `build` runs again on the new state; errors it throws
   * are final. A transaction without changes is not replicated.
   * @returns what `build` returned.
   * @throws SwarmError `not-leader`, `aborted` (leadership lost, outcome unknown), `exhausted`, or
   *   the refusal of the state machine (`exists`, `out-of-sequence`, `failed-precondition` …)
   */
  async update<T>(build: (tx: Transaction) => T, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const tx = new Transaction(this.view);
      const value = build(tx);
      if (tx.size === 0) return value;
      const refusal = await this.#commit(tx, signal);
      if (!refusal) return value;
      const raced = refusal.code === "out-of-sequence" || refusal.code === "not-found";
      if (!raced || attempt >= UPDATE_ATTEMPTS_MAX)
        throw new SwarmError(refusal.code, refusal.message);
    }
  }

  /**
   * Calls `listener` for every commit, synchronously while it is applied. It may only note what
   * has changed. Returns the unsubscriber.
   */
  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Commits after version `after` (default: from now), for readers outside the process.
   * @throws SwarmError `lagged` when `after` is older than what is kept, or the reader falls behind
   */
  watch(signal: AbortSignal, after?: number): AsyncIterable<Commit> {
    const past = after === undefined ? [] : this.#history.since(after, this.#version);
    const live = this.#fanout.subscribe(signal);
    return (async function* () {
      yield* past;
      yield* live;
    })();
  }

  apply(entries: readonly CommittedEntry[]): void {
    for (const entry of entries) {
      assert(entry.index > this.#version, "entries are applied in order, once");
      this.#version = entry.index;
      if (entry.data.length > 0) this.#applyEntry(entry);
    }
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.view, this.#version, this.#clock);
  }

  async restore(index: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const tables = await decodeSnapshot(chunks, this.#clock);
    const events = diffEvents(this.view, tables.view);
    this.#tables = tables;
    this.#version = index;
    this.#history.clear();
    if (events.length > 0) this.#publish({ version: index, events });
  }

  /** Ends every watch. */
  close(): void {
    this.#fanout.end(cancelled("the store was closed"));
    this.#listeners.clear();
  }

  async #commit(tx: Transaction, signal?: AbortSignal): Promise<Refusal | undefined> {
    const proposer = this.#proposer;
    if (!proposer) throw new SwarmError("unavailable", "this manager has not started yet");
    const leaderTerm = proposer.status().leading;
    const proposal: Proposal = { changes: tx.changes, leaderTerm, timeMs: this.#clock.now() };
    const sequence = ++this.#sequence;
    const data = encodeProposal({ origin: this.#origin, sequence }, proposal, tx.view);
    if (data.length > TRANSACTION_BYTES_MAX) {
      const text = `transaction of ${data.length} bytes is over ${TRANSACTION_BYTES_MAX}`;
      throw new SwarmError("exhausted", text);
    }
    const pending: Pending = { proposal, outcome: "open" };
    this.#pending.set(sequence, pending);
    try {
      await proposer.propose(data, signal);
    } finally {
      this.#pending.delete(sequence);
    }
    const { outcome } = pending;
    assert(outcome !== "open", "a resolved proposal has been applied");
    return outcome === "done" ? undefined : outcome;
  }

  #applyEntry(entry: CommittedEntry): void {
    const { origin, sequence } = originOf(entry.data);
    const pending = origin === this.#origin ? this.#pending.get(sequence) : undefined;
    const proposal = pending?.proposal ?? decodeProposal(entry.data, this.view);
    const result = this.#decide(entry, proposal);
    if ("code" in result) {
      if (pending) pending.outcome = result;
      return;
    }
    if (pending) pending.outcome = "done";
    this.#publish({ version: entry.index, events: result });
  }

  #decide(entry: CommittedEntry, proposal: Proposal): readonly StoreEvent[] | Refusal {
    // A proposal made under one leadership must not take effect under another (design §3.1).
    if (proposal.leaderTerm !== 0 && proposal.leaderTerm !== entry.term)
      return { code: "aborted", message: "leadership changed before the change was appended" };
    return this.#tables.apply(proposal.changes, { index: entry.index, timeMs: proposal.timeMs });
  }

  #publish(commit: Commit): void {
    this.#history.push(commit);
    for (const listener of this.#listeners) listener(commit);
    this.#fanout.publish(commit);
  }
}

/** Whether `error` says that this manager lost the right to write. */
export function isLeadershipLoss(error: unknown): boolean {
  return isSwarmError(error, "not-leader", "aborted", "no-leader");
}
