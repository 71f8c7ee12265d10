import { READS_MAX } from "./read-queue.ts";
import type { RaftState } from "./state.ts";
import type { Id } from "./types.ts";

/** Asks for a safe read index on behalf of this member's caller (Raft §6.4). */
export function askRead(s: RaftState, id: number): void {
  if (s.role === "leader") {
    serveRead(s, id, s.id);
  } else if (s.lead === 0) {
    s.failedReads.push({ id, reason: "no-leader" });
  } else if (s.forwardedReads.length >= READS_MAX) {
    s.failedReads.push({ id, reason: "overloaded" });
  } else {
    const message = s.message("MsgReadIndex", s.lead);
    message.term = 0;
    message.context = id;
    s.send(message);
    s.forwardedReads.push({ id, tick: s.ticks });
  }
}

/** A leader takes read `id` of member `from`; one too many of another member's is not answered. */
export function serveRead(s: RaftState, id: number, from: Id): void {
  if (s.reads.full) {
    if (from === s.id) s.failedReads.push({ id, reason: "overloaded" });
    return;
  }
  // Before its first commit in this term a leader may not know all that was committed (§8).
  if (!s.committedInTerm) {
    s.reads.postpone(id, from);
    return;
  }
  const { committed } = s.log;
  // How long a follower's read has been under way is not known: a lease serves local ones only.
  const byLease = from === s.id && s.config.readMode === "lease" && s.transferee === 0;
  if (s.tracker.isLoneVoter(s.id) || (byLease && s.lease.holds)) {
    answerRead(s, id, from, committed);
    return;
  }
  s.reads.add(id, from, committed);
}

function answerRead(s: RaftState, id: number, from: Id, index: number): void {
  if (from === s.id) {
    s.readStates.push({ id, index });
    return;
  }
  const message = s.message("MsgReadIndexResp", from);
  message.index = index;
  message.context = id;
  s.send(message);
}

/** Takes up the reads that waited for the first commit of the term. */
export function releaseReads(s: RaftState): void {
  for (const { id, from } of s.reads.takePostponed()) serveRead(s, id, from);
}

/** Answers the reads that the heartbeat responses so far confirm. */
export function confirmReads(s: RaftState): void {
  for (const { id, from, index } of s.reads.takeConfirmed()) answerRead(s, id, from, index);
}

/** The leader's answer to a read that was forwarded to it. */
export function finishForwardedRead(s: RaftState, id: number, index: number): void {
  const at = s.forwardedReads.findIndex((read) => read.id === id);
  if (at < 0) return;
  s.forwardedReads.splice(at, 1);
  s.readStates.push({ id, index });
}

/** Gives up forwarded reads that got no answer within an election timeout. */
export function expireForwardedReads(s: RaftState): void {
  const oldest = s.ticks - s.config.electionTicks;
  while (s.forwardedReads.length > 0 && s.forwardedReads[0]!.tick <= oldest) {
    s.failedReads.push({ id: s.forwardedReads.shift()!.id, reason: "timeout" });
  }
}
