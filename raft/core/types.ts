/**
 * The vocabulary of the Raft core. Plain data, no behaviour.
 *
 * Terms, indexes and ids are JavaScript numbers that hold safe integers (0 … 2^53 − 1); whoever
 * reads them from a wire or a disk checks that. Term 0, index 0 and id 0 mean "none".
 */
import type { Message } from "./message.ts";

/** A member's id: random, above 0, never reused. 0 = nobody. */
export type Id = number;

/**
 * What an entry's data mean: bytes for the state machine, or an encoded {@link ConfChange}.
 * An empty "normal" entry is a new leader's mark; state machines skip it.
 */
export type EntryType = "normal" | "conf-change";

/** One slot of the replicated log. Immutable once made; `data` are shared, never copied. */
export interface Entry {
  readonly term: number;
  readonly index: number;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** What must survive a crash besides the entries; saved as one atomic record. */
export interface HardState {
  readonly term: number;
  /** Who got this node's vote in `term`; 0 = nobody. */
  readonly vote: Id;
  readonly commit: number;
}

/** A configuration as it is stored in snapshots. Every list is sorted ascending. */
export interface ConfState {
  readonly voters: readonly Id[];
  /** The old half of a joint configuration; empty when not joint. */
  readonly votersOutgoing: readonly Id[];
  readonly learners: readonly Id[];
  /** Voters of the old half that become learners when it is left. */
  readonly learnersNext: readonly Id[];
  /** The leader leaves the joint configuration on its own once it is applied. */
  readonly autoLeave: boolean;
}

/** Identity of a snapshot. Its bytes travel outside of the core. */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  /** The configuration at `index`, not a later one. */
  readonly confState: ConfState;
}

/** How a change of several voters passes through a joint configuration (Raft §4.3). */
export type ConfTransition =
  /** Simple where at most one voter changes; else joint, left automatically. */
  | "auto"
  /** Always joint, left automatically. */
  | "implicit"
  /** Always joint, left by an empty change that the operator proposes. */
  | "explicit";

export interface ConfChangeStep {
  readonly type: "add-voter" | "add-learner" | "remove" | "update";
  /** 0 makes the step a no-op. */
  readonly id: Id;
}

/** A change of the configuration. No steps and "auto" = leave the joint configuration. */
export interface ConfChange {
  readonly transition: ConfTransition;
  readonly steps: readonly ConfChangeStep[];
  /** Opaque to the core (addresses of members, for example). */
  readonly context: Uint8Array;
}

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/** The part of the state that is worth telling and not worth saving. */
export interface SoftState {
  /** 0 when no leader is known. */
  readonly lead: Id;
  readonly role: Role;
}

/** Why a proposal was refused; in each case it is surely not in the log. */
export type DropReason =
  | "no-leader"
  /** Another node leads; see `ProposeResult.lead`. */
  | "not-leader"
  | "transferring"
  | "uncommitted-limit"
  /** This leader is no longer a member. */
  | "removed"
  /** An earlier configuration change is not applied yet. */
  | "conf-pending"
  /** Leaving a configuration that is not joint, or changing one that is. */
  | "joint-mismatch"
  /** The change would be refused when applied (for example, it removes all voters). */
  | "conf-invalid"
  /** One entry is larger than `Config.maxEntryBytes`. */
  | "too-large";

/** Where a proposal went: `index` and `term` of its last entry; or why it went nowhere. */
export type ProposeResult =
  | { readonly ok: true; readonly term: number; readonly index: number }
  /** Sent on to the leader; the outcome is not reported (only with `forwardProposals`). */
  | { readonly ok: true; readonly term: 0; readonly index: 0 }
  | { readonly ok: false; readonly reason: DropReason; readonly lead: Id };

/** What became of a message. Anything but "ok" changed nothing. */
export type StepResult =
  | "ok"
  /** A response from an id that has no progress here (a removed member, usually). */
  | "peer-not-found"
  /** A type that may only come from this node itself. */
  | "local-message"
  /** Wrong addressee or a number that is not a safe integer. */
  | "malformed"
  /** A forwarded proposal that this node refused. */
  | DropReason;

/** A read may be served once the state machine has applied `index`. */
export interface ReadState {
  /** As given to `readIndex`. */
  readonly id: number;
  readonly index: number;
}

/** A read that will not be answered; ask again. */
export interface ReadFailure {
  readonly id: number;
  readonly reason:
    | "no-leader"
    | "leader-changed"
    /** Forwarded to the leader, no answer within an election timeout. */
    | "timeout"
    /** Too many reads wait already (`READS_MAX`). */
    | "overloaded";
}

/**
 * Entries that the log view could not give at once. The driver reads [lo, hi) (at least one entry,
 * at most `maxBytes`) and returns them by `RaftCore.entriesFetched`, with the same object. A newer
 * fetch for the same `to` replaces an older one.
 */
export interface EntryFetch {
  /** The follower they are for; this node's own id when they are to be applied. */
  readonly to: Id;
  readonly lo: number;
  readonly hi: number;
  readonly maxBytes: number;
}

/**
 * The work that accumulated since the last Ready. Lists are empty and objects null when there is
 * none. With asynchronous storage writes (production) the driver acts on `messages`, `reads`,
 * `failedReads` and `fetches` only: the rest is repeated inside the messages to the two workers.
 */
export interface Ready {
  /** Only when it differs from the last Ready's. */
  readonly softState: SoftState | null;
  /** Only when it differs from the last Ready's. */
  readonly hardState: HardState | null;
  readonly reads: readonly ReadState[];
  readonly failedReads: readonly ReadFailure[];
  /** To be appended; what the log holds at their first index and above is replaced. */
  readonly entries: readonly Entry[];
  /** To be installed before anything else; `entries`, if any, follow it. */
  readonly snapshot: SnapshotMeta | null;
  readonly committedEntries: readonly Entry[];
  /**
   * In order. With asynchronous writes all may leave at once. Without them, those that rest on
   * this Ready's state come last and leave after `hardState`, `entries`, `snapshot` are durable.
   */
  readonly messages: readonly Message[];
  /** Entries, term or vote changed: fsync before acknowledging. A new commit alone needs none. */
  readonly mustSync: boolean;
  readonly fetches: readonly EntryFetch[];
}

/** How a leader replicates to one peer. */
export type ProgressState =
  /** Where the logs agree is unknown: one append at a time. */
  | "probe"
  /** Appends are pipelined within a window. */
  | "replicate"
  /** The peer needs a snapshot, which is under way: nothing but heartbeats. */
  | "snapshot";

/** What the leader knows of one peer. */
export interface ProgressView {
  readonly state: ProgressState;
  /** The highest index known to be durable there. */
  readonly match: number;
  /** The next index to send; always above `match`. */
  readonly next: number;
  readonly isLearner: boolean;
  /** No append may be sent now. */
  readonly paused: boolean;
  /** Index of the snapshot under way; 0 = none. */
  readonly pendingSnapshot: number;
  /** Heard from since the last CheckQuorum round. */
  readonly recentActive: boolean;
  /** Appends sent and not acknowledged. */
  readonly inflight: number;
  readonly inflightBytes: number;
  readonly inflightFull: boolean;
}

/** A look at the whole state, made on request; not for the hot path. */
export interface Status {
  readonly id: Id;
  readonly term: number;
  readonly vote: Id;
  readonly role: Role;
  readonly lead: Id;
  readonly commit: number;
  readonly applied: number;
  readonly lastIndex: number;
  /** The configuration in force, that is, applied. */
  readonly config: ConfState;
  /** Ascending by id; empty unless this node leads. */
  readonly progress: readonly { readonly id: Id; readonly view: ProgressView }[];
  /** Target of a transfer in progress; 0 = none. */
  readonly transferee: Id;
  /** Monotonic ms until which a lease read may be served; 0 = no lease. */
  readonly leaseUntil: number;
  /** Bytes of entries proposed here and not yet applied. */
  readonly uncommittedBytes: number;
  /** On a leader: no change of the configuration is under way above this index. */
  readonly pendingConfIndex: number;
}

/**
 * The stable log as the core reads it: what the storage worker has confirmed, a snapshot's base
 * included. Calls are synchronous and cheap. Terms of the whole retained log are always known;
 * older entries may have to be fetched.
 */
export interface LogView {
  /** Index of the first entry that is retained; one above the snapshot or compaction point. */
  firstIndex(): number;
  /** Index of the last entry; `firstIndex() - 1` when there is none. */
  lastIndex(): number;
  /** Term of entry `index`, for `firstIndex() - 1 <= index <= lastIndex()`. */
  term(index: number): number;
  /**
   * Entries [lo, hi), `firstIndex() <= lo < hi <= lastIndex() + 1`: as many as fit in `maxBytes`
   * by `entryBytes` of entry-size.ts, at least one. null = temporarily unavailable: not in memory; the
   * core will ask for a fetch.
   */
  entries(lo: number, hi: number, maxBytes: number): readonly Entry[] | null;
  /**
   * The newest snapshot that can be sent, at or above `firstIndex() - 1`; null = not at hand now,
   * the core asks again later.
   */
  snapshot(): SnapshotMeta | null;
}

/** What a node starts from, read from disk; `confState` is the one at `applied`. */
export interface Boot {
  readonly hardState: HardState;
  readonly confState: ConfState;
  /** The state machine's position; entries up to it are not handed out again. */
  readonly applied: number;
}
