import { assert } from "../../lib/assert.ts";
import { leaveJointIfDue } from "./apply.ts";
import type { Message } from "./message.ts";
import type { Progress } from "./progress.ts";
import { confirmReads } from "./reads.ts";
import { advanceCommit, broadcastAppend, broadcastHeartbeat } from "./replication.ts";
import { sendAllTo, sendAppend } from "./replication.ts";
import { resign, resignIfKnown } from "./resignation.ts";
import { becomeFollower } from "./roles.ts";
import type { RaftState } from "./state.ts";
import { sendTimeoutNow } from "./transfer.ts";
import type { Id } from "./types.ts";

/** A leader's tick: CheckQuorum and the end of a transfer once per T, heartbeats in between. */
export function tickLeader(s: RaftState): void {
  s.heartbeatElapsed++;
  s.electionElapsed++;
  if (s.electionElapsed >= s.config.electionTicks) {
    s.electionElapsed = 0;
    if (s.config.checkQuorum && !checkQuorum(s)) return;
    if (s.transferee !== 0) {
      s.transferee = 0;
      leaveJointIfDue(s);
    }
    if (s.resigning !== 0) {
      resign(s);
      return;
    }
  }
  if (s.heartbeatElapsed >= s.config.heartbeatTicks) {
    s.heartbeatElapsed = 0;
    broadcastHeartbeat(s);
  }
}

/** Steps down when no quorum was heard for a whole T. Answers whether this node still leads. */
function checkQuorum(s: RaftState): boolean {
  const self = s.tracker.progress(s.id);
  if (self) self.recentActive = true;
  if (!s.tracker.quorumActive()) {
    becomeFollower(s, s.term, 0);
    return false;
  }
  for (const peer of s.tracker.peers) if (peer.id !== s.id) peer.recentActive = false;
  return true;
}

/** A peer, or this node's own append worker, answered an append. */
export function handleAppendResponse(s: RaftState, m: Message): void {
  const peer = s.tracker.progress(m.from);
  if (!peer) return;
  peer.recentActive = true;
  peer.hasCommitted(m.commit);
  acknowledgeAppend(s, peer, m);
  resignIfKnown(s);
}

function acknowledgeAppend(s: RaftState, peer: Progress, m: Message): void {
  if (m.reject) {
    handleRejection(s, peer, m);
    return;
  }
  assert(m.index <= s.log.lastIndex(), `member ${m.from} holds no more than its leader`);
  // In probe state an answer at the known match is news too: the probe arrived.
  const news = peer.acknowledged(m.index) || (peer.match === m.index && peer.state === "probe");
  if (!news) return;
  resumeReplication(s, peer, m.index);
  if (advanceCommit(s)) {
    broadcastAppend(s);
  } else if (peer.id !== s.id && peer.canRaiseCommit(s.log.committed)) {
    sendAppend(s, peer, true);
  }
  if (peer.id === s.id) return;
  // The answer opened the window: fill it again.
  sendAllTo(s, peer);
  if (peer.id === s.transferee && peer.match === s.log.lastIndex()) sendTimeoutNow(s, peer.id);
}

function resumeReplication(s: RaftState, peer: Progress, index: number): void {
  if (peer.state === "replicate") {
    peer.inflights.freeUpTo(index);
  } else if (peer.state === "probe") {
    peer.becomeReplicate();
  } else if (peer.match + 1 >= s.log.firstIndex()) {
    // The peer reached this log, by the snapshot under way or another.
    peer.becomeReplicate();
  }
}

/** Backs off to where the logs may agree, skipping terms that the peer cannot have. */
function handleRejection(s: RaftState, peer: Progress, m: Message): void {
  let hint = m.rejectHint;
  if (m.logTerm > 0) hint = s.log.lastAtOrBelowTerm(hint, m.logTerm).index;
  if (!peer.rejected(m.index, hint)) return;
  if (peer.state === "replicate") peer.becomeProbe();
  sendAppend(s, peer, true);
}

/** A peer answered a heartbeat: it lives, lost appends may be repeated, reads are confirmed. */
export function handleHeartbeatResponse(s: RaftState, m: Message): void {
  const peer = s.tracker.progress(m.from);
  if (!peer) return;
  peer.recentActive = true;
  peer.flowPaused = false;
  peer.hasCommitted(m.commit);
  if (peer.match < s.log.lastIndex() || peer.state === "probe") sendAppend(s, peer, true);
  acknowledgeRound(s, peer, m.context);
  resignIfKnown(s);
}

function acknowledgeRound(s: RaftState, peer: Progress, round: number): void {
  if (round === 0 || round > s.reads.round) return;
  s.lease.answered(peer.id, round);
  if (round <= peer.ackedRound) return;
  peer.ackedRound = round;
  confirmReads(s);
}

/** The transport lost contact, or messages, with `id`. */
export function peerUnreachable(s: RaftState, id: Id): void {
  const peer = s.tracker.progress(id);
  if (s.role === "leader" && peer?.state === "replicate") peer.becomeProbe();
}

/** The snapshot under way to `id` was delivered or failed; probing waits for a sign of life. */
export function snapshotReported(s: RaftState, id: Id, ok: boolean): void {
  const peer = s.tracker.progress(id);
  if (s.role !== "leader" || peer?.state !== "snapshot") return;
  if (!ok) peer.pendingSnapshot = 0;
  peer.becomeProbe();
  peer.flowPaused = true;
}
