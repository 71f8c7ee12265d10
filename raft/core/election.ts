import type { Message } from "./message.ts";
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from "./roles.ts";
import { broadcastAppend } from "./replication.ts";
import type { RaftState } from "./state.ts";
import type { Id } from "./types.ts";

/** Bytes of committed entries that one page of the search for configuration changes reads. */
const SEARCH_PAGE_BYTES = 1024 * 1024;

/** What an election is: a survey first (PreVote), at once, or on the leader's own wish. */
type Campaign = "pre-vote" | "vote" | "transfer";

/**
 * Whether a committed configuration change waits to be applied. With it unapplied this member
 * could win by a quorum that is no longer one.
 */
export function hasUnappliedConfChange(s: RaftState): boolean {
  const { log } = s;
  let at = log.applied + 1;
  while (at <= log.committed) {
    const page = log.entries(at, log.committed + 1, SEARCH_PAGE_BYTES);
    // Not in memory: assume the worst until they are applied.
    if (page === null) return true;
    for (const entry of page) if (entry.type === "conf-change") return true;
    at += page.length;
  }
  return false;
}

/** Stands for election if this member may (the timeout, or the driver's wish). */
export function startElection(s: RaftState): void {
  if (s.role === "leader" || !s.promotable || hasUnappliedConfChange(s)) return;
  // Its own vote would break the promise that a lease rests on.
  if (s.config.readMode === "lease" && s.contactElapsed < s.config.electionTicks) return;
  campaign(s, s.config.preVote ? "pre-vote" : "vote");
}

/** The leader wants this member to take over: no survey, and leases do not stand against it. */
export function takeOver(s: RaftState): void {
  if (s.role === "leader" || !s.promotable) return;
  if (hasUnappliedConfChange(s)) {
    s.campaignOnceApplied = s.term;
    return;
  }
  campaign(s, "transfer");
}

function campaign(s: RaftState, kind: Campaign): void {
  const survey = kind === "pre-vote";
  if (survey) becomePreCandidate(s);
  else becomeCandidate(s);
  const term = survey ? s.term + 1 : s.term;
  for (const id of s.tracker.voters) {
    if (id === s.id) {
      // One's own vote counts like any other: once it is durable.
      const vote = s.message(survey ? "MsgPreVoteResp" : "MsgVoteResp", id);
      vote.term = term;
      s.sendAfterAppend(vote);
      continue;
    }
    const request = s.message(survey ? "MsgPreVote" : "MsgVote", id);
    request.term = term;
    request.index = s.log.lastIndex();
    request.logTerm = s.log.lastTerm();
    request.forced = kind === "transfer";
    if (!survey && s.config.durableVoteRequests) s.sendAfterAppend(request);
    else s.send(request);
  }
}

/** Answers a request for a vote or a pre-vote at the same or a higher term (Raft §5.4.1). */
export function answerVoteRequest(s: RaftState, m: Message): void {
  const survey = m.type === "MsgPreVote";
  const free = s.vote === m.from || (s.vote === 0 && s.lead === 0) || (survey && m.term > s.term);
  // A learner answers too: it may have been promoted without knowing it yet.
  const granted = free && s.log.isUpToDate(m.index, m.logTerm);
  const answer = s.message(survey ? "MsgPreVoteResp" : "MsgVoteResp", m.from);
  // A grant names the term that was asked for: a survey's asker has not reached it.
  if (granted) answer.term = m.term;
  else answer.reject = true;
  if (answer.reject && s.config.tellCommit) {
    answer.commit = s.log.committed;
    answer.logTerm = s.log.term(s.log.committed);
  }
  if (granted && !survey) {
    s.electionElapsed = 0;
    s.vote = m.from;
  }
  s.sendAfterAppend(answer);
}

/** Takes an answer to this member's own election. */
export function takeVote(s: RaftState, m: Message): void {
  if (m.commit > s.log.committed && s.log.term(m.commit) === m.logTerm) {
    // Two logs that agree on an entry agree on all before it (§5.3): what the voter knows to be
    // committed is so here too. It may take this member out, or the voter, whose vote would then
    // not be needed: with the longer log it would be refused for ever (etcd 12359).
    s.log.commitTo(m.commit);
    if (hasUnappliedConfChange(s)) {
      becomeFollower(s, s.term, 0);
      return;
    }
  }
  countVote(s, m.from, !m.reject);
}

function countVote(s: RaftState, from: Id, granted: boolean): void {
  const result = s.tracker.recordVote(from, granted);
  if (result === "pending") return;
  if (result === "lost") {
    becomeFollower(s, s.term, 0);
  } else if (s.role === "pre-candidate") {
    campaign(s, "vote");
  } else {
    becomeLeader(s);
    broadcastAppend(s);
  }
}
