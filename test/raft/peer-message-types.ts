import type { PeerMessageType } from "../../raft/core/message.ts";

/** A record, so that the compiler asks for a type that is added. */
const TYPES: Readonly<Record<PeerMessageType, true>> = {
  MsgProp: true,
  MsgApp: true,
  MsgAppResp: true,
  MsgVote: true,
  MsgVoteResp: true,
  MsgPreVote: true,
  MsgPreVoteResp: true,
  MsgSnap: true,
  MsgHeartbeat: true,
  MsgHeartbeatResp: true,
  MsgTransferLeader: true,
  MsgTimeoutNow: true,
  MsgReadIndex: true,
  MsgReadIndexResp: true,
};

/** Every type of message that goes from one member to another. */
export const PEER_MESSAGE_TYPES = Object.keys(TYPES) as readonly PeerMessageType[];
