import { assert } from "../../lib/assert.ts";
import type { Draft } from "./append.ts";
import { encodeConfChange } from "./conf-change-codec.ts";
import type { Config } from "./config.ts";
import { startElection } from "./election.ts";
import { refuse } from "./boundary.ts";
import { forgetLeader } from "./follower.ts";
import { peerUnreachable, snapshotReported } from "./leader.ts";
import { applyConfChange } from "./membership.ts";
import type { Message } from "./message.ts";
import { propose } from "./propose.ts";
import { askRead } from "./reads.ts";
import { ReadyMaker } from "./ready.ts";
import { sendFetched } from "./replication.ts";
import { becomeFollower } from "./roles.ts";
import { RaftState } from "./state.ts";
import { statusOf } from "./status.ts";
import { stepMessage, tick } from "./step.ts";
import { startTransfer } from "./transfer.ts";
import type {
  Boot,
  ConfChange,
  ConfState,
  Entry,
  EntryFetch,
  Id,
  LogView,
  ProposeResult,
  Ready,
  Role,
  Status,
  StepResult,
} from "./types.ts";

/**
 * The Raft state machine of one member: synchronous, deterministic, without clock, chance, disk or
 * network. Inputs change the state; the work that follows is collected by {@link ready}.
 *
 * Misuse by the outside world is answered by a typed result. A broken invariant throws
 * InvariantError: the driver then stops the node for good, because guessing would let replicas
 * diverge in silence.
 */
export class RaftCore {
  readonly #s: RaftState;
  readonly #ready: ReadyMaker;

  constructor(config: Config, log: LogView, boot: Boot) {
    this.#s = new RaftState(config, log, boot);
    becomeFollower(this.#s, this.#s.term, 0);
    this.#ready = new ReadyMaker(this.#s);
  }

  /** The present term; like the getters below without the cost of {@link status}. */
  get term(): number {
    return this.#s.term;
  }

  get role(): Role {
    return this.#s.role;
  }

  /** The leader as far as known; 0 = none. */
  get lead(): Id {
    return this.#s.lead;
  }

  get commit(): number {
    return this.#s.log.committed;
  }

  get applied(): number {
    return this.#s.log.applied;
  }

  /** One tick of the driver's clock. `now`: monotonic ms, used for leases only. */
  tick(now: number): void {
    this.#s.lease.observe(now);
    tick(this.#s);
  }

  /** Takes a message from a peer or, in asynchronous mode, a storage worker's response. */
  step(message: Message): StepResult {
    const refusal = refuse(this.#s, message);
    return refusal ?? stepMessage(this.#s, message);
  }

  /**
   * Appends one entry per item of `data`, all or none, when this node leads. Confirmed when the
   * entry at (term, index) is applied; another term at that index means that it was lost.
   */
  propose(data: readonly Uint8Array[]): ProposeResult {
    const drafts: Draft[] = [];
    for (const item of data) drafts.push({ type: "normal", data: item });
    assert(drafts.length > 0, "a proposal has entries");
    return propose(this.#s, drafts);
  }

  /** Proposes a change of the configuration; one at a time (Raft §4). */
  proposeConfChange(change: ConfChange): ProposeResult {
    return propose(this.#s, [{ type: "conf-change", data: encodeConfChange(change) }]);
  }

  /**
   * Puts a committed change in force. The driver calls it for every committed entry of type
   * "conf-change", in order, when it applies it, and remembers the result, the configuration at
   * that entry, for snapshots. Not for entries that an installed snapshot covers.
   * @throws InvariantError when the change does not fit the configuration
   */
  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.#s, change);
  }

  /**
   * Asks for an index that is safe to read at; works on every role. `id` is the caller's own
   * (positive, never reused); answered in `Ready.reads` or `Ready.failedReads`. `now`: monotonic
   * ms, against which a lease is checked.
   */
  readIndex(id: number, now: number): void {
    this.#s.lease.observe(now);
    askRead(this.#s, id);
  }

  /** Hands leadership to voter `to`; given up after one election timeout. */
  transferLeader(to: Id): void {
    const s = this.#s;
    if (s.role === "leader") {
      startTransfer(s, to);
    } else if (s.role === "follower" && s.lead !== 0) {
      const request = s.message("MsgTransferLeader", s.lead);
      request.context = to;
      s.send(request);
    }
  }

  /**
   * Gives up leadership without a successor: for a leader that cannot do its work (a stalled
   * disk) and could not hand over either. The others elect somebody after a timeout.
   */
  stepDown(): void {
    if (this.#s.role === "leader") becomeFollower(this.#s, this.#s.term, 0);
  }

  /** Makes a follower forget its leader, so that it grants votes at once. */
  forgetLeader(): void {
    forgetLeader(this.#s);
  }

  /** Starts an election now if this node may. */
  campaign(): void {
    startElection(this.#s);
  }

  /** The last message to `id` may have been lost: probe before pipelining again. */
  reportUnreachable(id: Id): void {
    peerUnreachable(this.#s, id);
  }

  /** The snapshot under way to `id` was installed, or failed. */
  reportSnapshot(id: Id, ok: boolean): void {
    snapshotReported(this.#s, id, ok);
  }

  /** Answers a fetch of `Ready.fetches`; empty = no longer there (compacted). */
  entriesFetched(fetch: EntryFetch, entries: readonly Entry[]): void {
    if (fetch.to === this.#s.id) this.#ready.fetched(fetch, entries);
    else sendFetched(this.#s, fetch, entries);
  }

  /** Whether {@link ready} would return any work. */
  hasReady(): boolean {
    return this.#ready.hasReady();
  }

  /** Takes the accumulated work; it is not returned again. */
  ready(): Ready {
    return this.#ready.ready();
  }

  /** Only without asynchronous writes: `ready` is persisted, applied and its messages are sent. */
  advance(): void {
    assert(!this.#s.config.asyncStorageWrites, "asynchronous mode has no advance");
    this.#ready.advance();
  }

  /** Sets the present election timeout, in ticks, until the next one is drawn. */
  setElectionTimeout(ticks: number): void {
    this.#s.electionTimeout = ticks;
  }

  status(): Status {
    return statusOf(this.#s);
  }
}
