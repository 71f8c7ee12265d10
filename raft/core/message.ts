import type { Entry, Id, SnapshotMeta } from "./types.ts";

/** Address of the worker that appends to the log; a target of messages, never a member. */
export const APPEND_THREAD = -1;
/** Address of the worker that applies committed entries. */
export const APPLY_THREAD = -2;

/** Message types that travel between members. */
export type PeerMessageType =
  | "MsgProp"
  | "MsgApp"
  | "MsgAppResp"
  | "MsgVote"
  | "MsgVoteResp"
  | "MsgPreVote"
  | "MsgPreVoteResp"
  | "MsgSnap"
  | "MsgHeartbeat"
  | "MsgHeartbeatResp"
  | "MsgTransferLeader"
  | "MsgTimeoutNow"
  | "MsgReadIndex"
  | "MsgReadIndexResp";

/** Message types between the core and its two storage workers; never on a wire. */
export type StorageMessageType =
  | "MsgStorageAppend"
  | "MsgStorageAppendResp"
  | "MsgStorageApply"
  | "MsgStorageApplyResp";

export type MessageType = PeerMessageType | StorageMessageType;

/**
 * One message. Every field is always present, so that all messages share one shape; a field that
 * a type does not use is 0, empty, false or null.
 *
 * A receiver must not keep a reference to `entries` lists it did not make; entries themselves are
 * immutable and may be shared.
 */
export interface Message {
  readonly type: MessageType;
  readonly from: Id;
  readonly to: Id;
  /**
   * The sender's term (a pre-vote request and its grant: the term to be campaigned for). In
   * MsgStorageAppend, with `vote` and `commit`, the hard state to save; all three 0 = unchanged.
   */
  readonly term: number;
  /** Term of the entry at `index` (requests), or of the entry at `rejectHint` (rejections). */
  readonly logTerm: number;
  readonly index: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
  readonly vote: Id;
  readonly reject: boolean;
  readonly rejectHint: number;
  /** Heartbeats: newest read position. MsgReadIndex and its response: the asker's read id. */
  readonly context: number;
  /** A vote request made on the leader's behalf (transfer): leases do not refuse it. */
  readonly forced: boolean;
  /** In MsgStorageAppend: replaces the log, before `entries` are appended. */
  readonly snapshot: SnapshotMeta | null;
  /**
   * Of a message to a worker: what the worker must deliver, in order, once the work is done and
   * durable: to `step` when addressed to this node, else to the peer. Opaque to the worker.
   *
   * Each worker does its messages in order. The two do not wait for each other: a snapshot may be
   * installed before entries that it covers come up for application; those are skipped, and
   * answered all the same.
   */
  readonly responses: readonly Message[];
}

/** A message under construction. */
export type MutableMessage = { -readonly [K in keyof Message]: Message[K] };

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);
const NO_MESSAGES: readonly Message[] = Object.freeze([]);

/** A message with every other field unset; fill in what the type uses before sending it. */
export function newMessage(type: MessageType, from: Id, to: Id, term: number): MutableMessage {
  return {
    type,
    from,
    to,
    term,
    logTerm: 0,
    index: 0,
    entries: NO_ENTRIES,
    commit: 0,
    vote: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    forced: false,
    snapshot: null,
    responses: NO_MESSAGES,
  };
}

/** Whether `id` addresses a storage worker of this node. */
export function isStorageWorker(id: Id): boolean {
  return id === APPEND_THREAD || id === APPLY_THREAD;
}
