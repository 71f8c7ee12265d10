import { assert } from "../../lib/assert.ts";
import { adoptConfState } from "./membership.ts";
import type { Message, MutableMessage } from "./message.ts";
import { becomeFollower, failReads } from "./roles.ts";
import type { RaftState } from "./state.ts";
import type { SnapshotMeta } from "./types.ts";

/** A message that only the leader of the present term sends came in; follows its sender. */
export function hearLeader(s: RaftState, m: Message): void {
  assert(s.role !== "leader", `term ${s.term} has one leader, not ${s.id} and ${m.from}`);
  assert(
    s.lead === 0 || s.lead === m.from,
    `term ${s.term} has one leader, not ${s.lead} and ${m.from}`,
  );
  if (s.role !== "follower") becomeFollower(s, s.term, m.from);
  s.electionElapsed = 0;
  s.contactElapsed = 0;
  s.lead = m.from;
}

/** Takes a leader's entries, or explains where the logs may still agree (Raft §5.3). */
export function handleAppend(s: RaftState, m: Message): void {
  const { log } = s;
  const answer = s.message("MsgAppResp", m.from);
  if (m.index < log.committed) {
    // Late or repeated: everything up to the commit index is in agreement anyway.
    answer.index = log.committed;
    sayCommit(s, answer);
    s.sendAfterAppend(answer);
    return;
  }
  const agreed = log.merge(m.index, m.logTerm, m.entries);
  if (agreed === null) {
    const hint = log.lastAtOrBelowTerm(Math.min(m.index, log.lastIndex()), m.logTerm);
    answer.index = m.index;
    answer.reject = true;
    answer.rejectHint = hint.index;
    answer.logTerm = hint.term;
  } else {
    // Behind the entries of this message nothing is known to agree, whatever is committed.
    log.commitTo(Math.min(m.commit, agreed));
    answer.index = agreed;
  }
  sayCommit(s, answer);
  s.sendAfterAppend(answer);
}

function sayCommit(s: RaftState, answer: MutableMessage): void {
  if (s.config.tellCommit) answer.commit = s.log.committed;
}

/** Follows the leader's commit index and answers, for its lease, reads and flow control. */
export function handleHeartbeat(s: RaftState, m: Message): void {
  s.log.commitTo(m.commit);
  const answer = s.message("MsgHeartbeatResp", m.from);
  answer.context = m.context;
  sayCommit(s, answer);
  s.send(answer);
}

/** Takes a snapshot in place of the log, if it brings anything (Raft §7). */
export function handleSnapshot(s: RaftState, m: Message): void {
  assert(m.snapshot !== null, "a snapshot message has a snapshot");
  const restored = restore(s, m.snapshot);
  const answer = s.message("MsgAppResp", m.from);
  answer.index = restored ? s.log.lastIndex() : s.log.committed;
  sayCommit(s, answer);
  s.sendAfterAppend(answer);
}

function restore(s: RaftState, snapshot: SnapshotMeta): boolean {
  if (snapshot.index <= s.log.committed) return false;
  // Its configuration may lack this member: a newcomer is added by an entry behind the snapshot.
  if (s.log.term(snapshot.index) === snapshot.term) {
    // The log holds all of it: it is merely committed further than known.
    s.log.commitTo(snapshot.index);
    return false;
  }
  s.log.restore(snapshot);
  adoptConfState(s, snapshot.confState);
  return true;
}

/**
 * Forgets the leader without a change of term, so that this node votes for others at once. Not
 * with leases: the promise to the leader is what they rest on.
 */
export function forgetLeader(s: RaftState): void {
  if (s.role !== "follower" || s.lead === 0 || s.config.readMode === "lease") return;
  s.lead = 0;
  failReads(s, "leader-changed");
}
