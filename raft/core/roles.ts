import { assert } from "../../lib/assert.ts";
import { appendEntries } from "./append.ts";
import type { RaftState } from "./state.ts";
import type { Id } from "./types.ts";

const NO_DATA = new Uint8Array(0);

/** Starts a role at `term`: forgets everything that belongs to the old one (Raft §5.2). */
function restart(s: RaftState, term: number): void {
  assert(term >= s.term, "terms never fall");
  if (term !== s.term) {
    s.term = term;
    // Only a new term frees the vote: stepping down within a term must not allow a second one.
    s.vote = 0;
  }
  s.lead = 0;
  s.electionElapsed = 0;
  s.heartbeatElapsed = 0;
  drawElectionTimeout(s);
  s.transferee = 0;
  s.resigning = 0;
  s.campaignOnceApplied = 0;
  s.pendingConfIndex = 0;
  s.uncommittedBytes = 0;
  s.broadcastDue = false;
  s.tracker.resetVotes();
  failReads(s, "leader-changed");
}

/** Draws how long this member waits for a leader: uniform in [T, 2T) ticks (Raft §5.2). */
function drawElectionTimeout(s: RaftState): void {
  const { electionTicks, random } = s.config;
  s.electionTimeout = electionTicks + random(electionTicks);
}

/** Gives up every read this member asked for. */
export function failReads(s: RaftState, reason: "leader-changed" | "no-leader"): void {
  for (const id of s.reads.reset()) s.failedReads.push({ id, reason });
  for (const { id } of s.forwardedReads) s.failedReads.push({ id, reason });
  s.forwardedReads = [];
}

/** Follows `lead` (0 = unknown) at `term`. */
export function becomeFollower(s: RaftState, term: number, lead: Id): void {
  restart(s, term);
  s.lead = lead;
  s.role = "follower";
}

/** Stands for election at the next term with its own vote (Raft §5.2). */
export function becomeCandidate(s: RaftState): void {
  assert(s.role !== "leader", "a leader does not stand for election");
  restart(s, s.term + 1);
  s.vote = s.id;
  s.role = "candidate";
}

/** Asks whether it could win, changing neither term nor vote (Raft §9.6). */
export function becomePreCandidate(s: RaftState): void {
  assert(s.role !== "leader", "a leader does not stand for election");
  s.tracker.resetVotes();
  failReads(s, "leader-changed");
  // A pre-candidate that went on believing in its leader would refuse everybody else's pre-vote.
  s.lead = 0;
  s.role = "pre-candidate";
}

/** Leads the present term, beginning with an empty entry that makes older ones committable. */
export function becomeLeader(s: RaftState): void {
  assert(s.role === "candidate", "only an elected candidate leads");
  restart(s, s.term);
  const last = s.log.lastIndex();
  for (const peer of s.tracker.peers) {
    peer.restart(last + 1);
    if (peer.id !== s.id) continue;
    peer.match = last;
    peer.becomeReplicate();
    peer.recentActive = true;
  }
  s.lease.reset();
  s.lead = s.id;
  s.role = "leader";
  // The tail may hold a configuration change that nobody here has applied.
  s.pendingConfIndex = last;
  appendEntries(s, [{ type: "normal", data: NO_DATA }]);
}
