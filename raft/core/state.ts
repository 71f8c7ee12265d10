import { assert } from "../../lib/assert.ts";
import type { Config } from "./config.ts";
import { Lease } from "./lease.ts";
import { RaftLog } from "./log.ts";
import { newMessage } from "./message.ts";
import type { Message, MessageType, MutableMessage } from "./message.ts";
import { ReadQueue } from "./read-queue.ts";
import { Tracker } from "./tracker.ts";
import type {
  Boot,
  ConfState,
  EntryFetch,
  HardState,
  Id,
  LogView,
  ReadFailure,
  ReadState,
  Role,
  SoftState,
} from "./types.ts";

/** A read that a follower passed to its leader, and the tick in which it did. */
export interface ForwardedRead {
  readonly id: number;
  readonly tick: number;
}

/**
 * Everything one member knows. The functions of the neighbouring files change it; nothing here
 * decides anything. `term`, `vote` and `log.committed` are the hard state.
 */
export class RaftState {
  readonly config: Config;
  readonly id: Id;
  readonly log: RaftLog;
  readonly tracker: Tracker;
  readonly lease: Lease;
  readonly reads: ReadQueue;

  term: number;
  vote: Id;
  role: Role = "follower";
  lead: Id = 0;

  /** Ticks since the start, a follower's clock for its forwarded reads. */
  ticks = 0;
  /** Ticks since the last word of the leader or start of an election; a leader's since its check. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** Drawn from [T, 2T) whenever a role begins. */
  electionTimeout = 0;
  /** Ticks since a leader's last word, whatever the role; see `promisedToLeader`. */
  contactElapsed: number;

  /** Who shall lead next, on a leader; 0 = no transfer. */
  transferee: Id = 0;
  /** A commit index that covers the change which took this leader out; 0 = it is not leaving. */
  resigning = 0;
  /** The term in which a TimeoutNow came while a configuration change was unapplied; 0 = none. */
  campaignOnceApplied = 0;
  /** No configuration change may be proposed until this index is applied, on a leader. */
  pendingConfIndex = 0;
  /** Payload proposed in this leadership and not applied. */
  uncommittedBytes = 0;

  /** The configuration at `applied` while a snapshot with a newer one is being installed. */
  outdatedConfig: ConfState | null = null;

  /** Peers are owed an append when the next Ready is taken; see `coalesceAppends`. */
  broadcastDue = false;
  /** Messages that may leave at once. */
  messages: Message[] = [];
  /** Messages that leave when all that was appended and decided so far is durable. */
  messagesAfterAppend: Message[] = [];
  readStates: ReadState[] = [];
  failedReads: ReadFailure[] = [];
  forwardedReads: ForwardedRead[] = [];
  fetches: EntryFetch[] = [];

  constructor(config: Config, view: LogView, boot: Boot) {
    const { hardState, confState, applied } = boot;
    this.config = config;
    this.id = config.id;
    this.log = new RaftLog(view, config.maxApplyingBytes);
    this.tracker = new Tracker(config);
    this.lease = new Lease(config, this.tracker);
    this.reads = new ReadQueue(config.id, this.tracker);
    this.term = hardState.term;
    this.vote = hardState.vote;
    // A member with a past may have promised not to elect others; it no longer knows until when.
    this.contactElapsed = hardState.term === 0 ? config.electionTicks : 0;
    this.log.commitTo(Math.max(hardState.commit, applied));
    this.log.appliedTo(Math.max(applied, this.log.applied), 0);
    this.tracker.adopt(confState, this.log.lastIndex());
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  get softState(): SoftState {
    return { lead: this.lead, role: this.role };
  }

  /** A message of this member at its present term. */
  message(type: MessageType, to: Id): MutableMessage {
    return newMessage(type, this.id, to, this.term);
  }

  /** Sends at once; never to itself. */
  send(message: Message): void {
    assert(message.to !== this.id, `${message.type} is not sent to oneself`);
    this.messages.push(message);
  }

  /** Sends once everything decided so far is durable; the only way to send to oneself. */
  sendAfterAppend(message: Message): void {
    this.messagesAfterAppend.push(message);
  }

  /** May stand for election: a voter by its own configuration, without a half-installed snapshot. */
  get promotable(): boolean {
    const self = this.tracker.progress(this.id);
    return self !== undefined && !self.isLearner && this.log.unstable.snapshot === null;
  }

  /**
   * Whether this member still owes its leader not to elect anybody else (Raft §6). With leases on
   * the promise lasts a full timeout after the last contact, whatever happens here meanwhile:
   * the leader may be serving reads on it.
   */
  get promisedToLeader(): boolean {
    const { checkQuorum, electionTicks, readMode } = this.config;
    if (!checkQuorum) return false;
    if (readMode === "lease" && this.contactElapsed < electionTicks) return true;
    return this.lead !== 0 && this.electionElapsed < electionTicks;
  }

  /** Whether anything was committed in the present term: only then is `committed` up to date. */
  get committedInTerm(): boolean {
    return this.log.term(this.log.committed) === this.term;
  }
}
