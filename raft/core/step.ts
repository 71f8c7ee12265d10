import { entriesApplied, snapshotInstalled } from "./apply.ts";
import { answerVoteRequest, takeVote, startElection, takeOver } from "./election.ts";
import { handleAppend, handleHeartbeat, handleSnapshot, hearLeader } from "./follower.ts";
import { handleAppendResponse, handleHeartbeatResponse, tickLeader } from "./leader.ts";
import type { Message } from "./message.ts";
import { propose } from "./propose.ts";
import { expireForwardedReads, finishForwardedRead, serveRead } from "./reads.ts";
import { becomeFollower } from "./roles.ts";
import type { RaftState } from "./state.ts";
import { startTransfer } from "./transfer.ts";
import type { StepResult } from "./types.ts";

/** One tick of the clock that drives elections, heartbeats and time-outs. */
export function tick(s: RaftState): void {
  s.ticks++;
  expireForwardedReads(s);
  if (s.role === "leader") {
    tickLeader(s);
    return;
  }
  s.contactElapsed++;
  s.electionElapsed++;
  if (s.promotable && s.electionElapsed >= s.electionTimeout) {
    s.electionElapsed = 0;
    startElection(s);
  }
}

/** Takes one message whose form has been checked: the rules on terms first (Raft §5.1). */
export function stepMessage(s: RaftState, m: Message): StepResult {
  // Term 0: made by this node for itself, or a request that any leader may take.
  if (m.term > s.term) {
    if (!admitHigherTerm(s, m)) return "ok";
  } else if (m.term < s.term && m.term !== 0) {
    answerLowerTerm(s, m);
    return "ok";
  }
  return dispatch(s, m);
}

/** Whether a message of a higher term is to be looked at; adopts the term where due. */
function admitHigherTerm(s: RaftState, m: Message): boolean {
  const asksForVote = m.type === "MsgVote" || m.type === "MsgPreVote";
  if (asksForVote && !m.forced && s.promisedToLeader) return false;
  // A survey, and a grant of one, name a term that nobody has reached yet.
  if (m.type === "MsgPreVote" || (m.type === "MsgPreVoteResp" && !m.reject)) return true;
  const fromLeader = m.type === "MsgApp" || m.type === "MsgHeartbeat" || m.type === "MsgSnap";
  becomeFollower(s, m.term, fromLeader ? m.from : 0);
  return true;
}

/** What a message of a lower term still deserves. */
function answerLowerTerm(s: RaftState, m: Message): void {
  const { checkQuorum, preVote } = s.config;
  if ((checkQuorum || preVote) && (m.type === "MsgHeartbeat" || m.type === "MsgApp")) {
    // This node cannot get rid of its higher term by campaigning: leases and surveys stand
    // against it. So it tells the leader, who steps down and is elected anew above this term.
    s.sendAfterAppend(s.message("MsgAppResp", m.from));
  } else if (m.type === "MsgPreVote") {
    // Silence would let two nodes with different terms survey each other in vain.
    const answer = s.message("MsgPreVoteResp", m.from);
    answer.reject = true;
    s.sendAfterAppend(answer);
  } else if (m.type === "MsgStorageAppendResp" && m.snapshot !== null) {
    // Entries may have been overwritten in the meantime, a snapshot never is.
    snapshotInstalled(s, m.snapshot.index);
  }
}

function dispatch(s: RaftState, m: Message): StepResult {
  switch (m.type) {
    case "MsgStorageAppendResp":
      if (m.index !== 0) s.log.unstable.stableTo(m.index, m.logTerm);
      if (m.snapshot !== null) snapshotInstalled(s, m.snapshot.index);
      return "ok";
    case "MsgStorageApplyResp":
      entriesApplied(s, m.entries);
      return "ok";
    case "MsgVote":
    case "MsgPreVote":
      answerVoteRequest(s, m);
      return "ok";
    case "MsgApp":
      hearLeader(s, m);
      handleAppend(s, m);
      return "ok";
    case "MsgHeartbeat":
      hearLeader(s, m);
      handleHeartbeat(s, m);
      return "ok";
    case "MsgSnap":
      hearLeader(s, m);
      handleSnapshot(s, m);
      return "ok";
    default:
      return dispatchByRole(s, m);
  }
}

function dispatchByRole(s: RaftState, m: Message): StepResult {
  if (m.type === "MsgProp") return stepProposal(s, m);
  switch (s.role) {
    case "leader":
      stepLeader(s, m);
      break;
    case "candidate":
      if (m.type === "MsgVoteResp") takeVote(s, m);
      break;
    case "pre-candidate":
      if (m.type === "MsgPreVoteResp") takeVote(s, m);
      break;
    case "follower":
      if (m.type === "MsgTimeoutNow") takeOver(s);
      else if (m.type === "MsgReadIndexResp") finishForwardedRead(s, m.context, m.index);
      break;
  }
  return "ok";
}

function stepLeader(s: RaftState, m: Message): void {
  if (m.type === "MsgAppResp") handleAppendResponse(s, m);
  else if (m.type === "MsgHeartbeatResp") handleHeartbeatResponse(s, m);
  else if (m.type === "MsgReadIndex") serveRead(s, m.context, m.from);
  else if (m.type === "MsgTransferLeader") startTransfer(s, m.context);
}

/** A proposal that a follower sent on. It is never forwarded a second time. */
function stepProposal(s: RaftState, m: Message): StepResult {
  if (s.role !== "leader") return s.lead === 0 ? "no-leader" : "not-leader";
  const result = propose(s, m.entries);
  return result.ok ? "ok" : result.reason;
}
