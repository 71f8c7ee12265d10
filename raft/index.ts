/**
 * The public face of consensus: what the manager sees. Entries are opaque bytes; nothing here
 * knows what they mean.
 */
import type { TlsMaterial } from "../proto/node-tls.ts";

/** A voting or learning member as the configuration knows it. */
export interface RaftMember {
  /** Random, below 2^53, never reused. */
  readonly id: number;
  /** The swarm node that runs the member. */
  readonly nodeId: string;
  /** Where its peers reach its Raft port, `host:port`. */
  readonly addr: string;
  /** Where its control port is reached, `host:port`; told to clients as the leader's address. */
  readonly controlAddr: string;
  /** Receives the log but does not count in quorums. */
  readonly learner: boolean;
}

/** A member together with what this node observes of it. */
export interface RaftMemberStatus extends RaftMember {
  /** The last contact succeeded; always true for this node itself. */
  readonly reachable: boolean;
}

export type RaftRole = "follower" | "pre-candidate" | "candidate" | "leader";

/** One consistent look at the node. */
export interface RaftStatus {
  readonly id: number;
  readonly term: number;
  readonly role: RaftRole;
  /** 0 when no leader is known. */
  readonly leaderId: number;
  readonly commit: number;
  readonly applied: number;
  /**
   * The term in which this node leads *and* has applied an entry of its own term, so that its
   * state machine holds everything ever committed; 0 otherwise.
   */
  readonly leading: number;
  /** Sorted by id. */
  readonly members: readonly RaftMemberStatus[];
  /** This node was taken out of the configuration and must stop. */
  readonly removed: boolean;
}

/** A committed entry, handed over exactly once per life, in index order, without gaps. */
export interface CommittedEntry {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
}

/** What consensus keeps replicated. All methods are called from one loop, never concurrently. */
export interface StateMachine {
  /** Applies a batch in order. Deterministic; throws only on a broken invariant. */
  apply(entries: readonly CommittedEntry[]): void;
  /**
   * The state after the last applied entry, as a stream of chunks. The state is captured before
   * the call returns; encoding may proceed while later entries are applied.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Replaces the whole state by a snapshot taken at `index`. */
  restore(index: number, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Where a proposal landed. */
export interface Proposed {
  readonly index: number;
  readonly term: number;
}

/** A running member of a Raft group. */
export interface RaftNode {
  readonly id: number;
  /** Where peers reach this member: the advertised host with the bound port. */
  readonly addr: string;
  /**
   * Appends `data` if this node leads. Resolves after the local state machine applied it, in
   * index order across calls.
   * @throws SwarmError `not-leader` (surely not applied; `details.leader` = control address),
   *   `exhausted` (uncommitted limit), `aborted` (leadership was lost: the outcome is unknown)
   */
  propose(data: Uint8Array, signal?: AbortSignal): Promise<Proposed>;
  /**
   * Resolves once this node has applied everything that was committed anywhere when the call was
   * made (linearizable read, Raft §6.4). Works on leaders and followers.
   * @throws SwarmError `no-leader`, `aborted`
   */
  readBarrier(signal: AbortSignal): Promise<number>;
  status(): RaftStatus;
  /** Yields the current status at once, then after every change of role, term, leader, `leading`, members or reachability; intermediate ones may be skipped. */
  watchStatus(signal: AbortSignal): AsyncIterable<RaftStatus>;
  /**
   * Admits a member (as a learner, promoted when caught up) or updates the address of the one
   * with the same `nodeId`. Only on the leader.
   * @returns the member's id and all members, for the joiner to start with.
   */
  addMember(
    member: { readonly nodeId: string; readonly addr: string; readonly controlAddr: string },
    signal: AbortSignal,
  ): Promise<{ readonly id: number; readonly members: readonly RaftMember[] }>;
  /**
   * Takes a member out; only on the leader. A leader that is to go hands leadership over and
   * rejects with `not-leader`: the next leader takes it out.
   * @throws SwarmError `failed-precondition` when the remaining reachable voters are no quorum
   */
  removeMember(id: number, signal: AbortSignal): Promise<void>;
  /** Hands leadership to the most caught-up reachable voter, or to `to`. */
  transferLeadership(signal: AbortSignal, to?: number): Promise<void>;
  /** Replaces the certificates of the peer port and of outgoing connections. */
  updateTls(tls: TlsMaterial): void;
  /**
   * Locks the state directory with a 32-byte key-encryption key, without which it cannot be opened
   * again (autolock); null takes the lock off. Durable when it returns. Putting a lock on also
   * changes the data key, as the old one was on the disk in clear.
   */
  setLock(kek: Uint8Array | null): void;
  /** Seals what is written from now on with a new data key; old records go with compaction. */
  rotateDataKey(): void;
  /** Stops; on a leader, transfers first. What was acknowledged is durable. */
  stop(): Promise<void>;
  /**
   * Resolves when the member has stopped; rejects with the error that ended it (a failed disk, a
   * broken invariant). The process must end then: the member cannot be started again in it.
   */
  closed(): Promise<void>;
}
