import { make } from "../../proto/codec.ts";
import {
  RaftEntryType,
  RaftMessageType,
  type RaftEntry,
  type RaftMessage,
  type RaftSnapshotMeta,
} from "../../proto/generated.ts";
import type { Message, PeerMessageType } from "../core/message.ts";
import type { Entry, SnapshotMeta } from "../core/types.ts";

const TYPES: Readonly<Record<PeerMessageType, RaftMessageType>> = {
  MsgProp: RaftMessageType.PROP,
  MsgApp: RaftMessageType.APP,
  MsgAppResp: RaftMessageType.APP_RESP,
  MsgVote: RaftMessageType.VOTE,
  MsgVoteResp: RaftMessageType.VOTE_RESP,
  MsgPreVote: RaftMessageType.PRE_VOTE,
  MsgPreVoteResp: RaftMessageType.PRE_VOTE_RESP,
  MsgSnap: RaftMessageType.SNAP,
  MsgHeartbeat: RaftMessageType.HEARTBEAT,
  MsgHeartbeatResp: RaftMessageType.HEARTBEAT_RESP,
  MsgTransferLeader: RaftMessageType.TRANSFER_LEADER,
  MsgTimeoutNow: RaftMessageType.TIMEOUT_NOW,
  MsgReadIndex: RaftMessageType.READ_INDEX,
  MsgReadIndexResp: RaftMessageType.READ_INDEX_RESP,
};

const NAMES: ReadonlyMap<number, PeerMessageType> = new Map(
  Object.entries(TYPES).map(([name, type]) => [type, name as PeerMessageType]),
);

/** A type's number on the wire. */
export function typeOnWire(type: PeerMessageType): number {
  return TYPES[type];
}

/** The type with this number on the wire, if there is one. */
export function typeOf(type: number): PeerMessageType | undefined {
  return NAMES.get(type);
}

/** Whether a message may leave the node. */
export function isPeerMessage(message: Message): message is Message & { type: PeerMessageType } {
  return message.type in TYPES;
}

/** A core's message as it travels. */
export function toWire(message: Message & { readonly type: PeerMessageType }): RaftMessage {
  const { responses: _, entries, snapshot, type, ...rest } = message;
  return {
    ...rest,
    type: TYPES[type],
    entries: entries.map(entryToWire),
    snapshot: snapshot && metaToWire(snapshot),
  };
}

/** A message from the wire; undefined when its type is unknown. The core checks the numbers. */
export function fromWire(message: RaftMessage): Message | undefined {
  const type = typeOf(message.type);
  if (!type) return undefined;
  return {
    type,
    from: message.from,
    to: message.to,
    term: message.term,
    logTerm: message.logTerm,
    index: message.index,
    entries: message.entries.map(entryFromWire),
    commit: message.commit,
    vote: message.vote,
    reject: message.reject,
    rejectHint: message.rejectHint,
    context: message.context,
    forced: message.forced,
    snapshot: message.snapshot && metaFromWire(message.snapshot),
    responses: [],
  };
}

function entryToWire(entry: Entry): RaftEntry {
  const { term, index, data } = entry;
  const type = entry.type === "normal" ? RaftEntryType.NORMAL : RaftEntryType.CONF_CHANGE;
  return { term, index, type, data };
}

function entryFromWire({ term, index, type, data }: RaftEntry): Entry {
  return {
    term,
    index,
    type: type === RaftEntryType.NORMAL ? "normal" : "conf-change",
    // Entries outlive the frame they came in; a slice would keep all of it in memory.
    data: Uint8Array.from(data),
  };
}

/** A snapshot's identity as it travels and is stored. */
export function metaToWire({ index, term, confState }: SnapshotMeta): RaftSnapshotMeta {
  return { index, term, confState };
}

/** The reverse of {@link metaToWire}. */
export function metaFromWire(meta: RaftSnapshotMeta): SnapshotMeta {
  return {
    index: meta.index,
    term: meta.term,
    confState: meta.confState ?? make("RaftConfState"),
  };
}
