import type { Progress } from "./progress.ts";
import { becomeFollower } from "./roles.ts";
import type { RaftState } from "./state.ts";
import { sendTimeoutNow } from "./transfer.ts";

/**
 * A change that is in force here took this leader out. Configurations count from when they are
 * applied, and members learn one by one that a change is committed. Were this leader gone by the
 * time they do, they might need its vote, by the old configuration, and never get it (etcd 12359).
 * So it leads on until a quorum of those who stay knows, at most an election timeout.
 */
export function beginResignation(s: RaftState): void {
  if (s.resigning !== 0) return;
  s.resigning = s.log.committed;
  s.transferee = 0;
  s.electionElapsed = 0;
  resignIfKnown(s);
}

/** Ends the leadership if it is to end and those who stay can do without this member. */
export function resignIfKnown(s: RaftState): void {
  if (s.resigning === 0) return;
  const known = s.tracker.reached({ acked: (id) => s.tracker.progress(id)?.saidCommit ?? 0 });
  if (known >= s.resigning) resign(s);
}

/** Steps down and tells the best successor to campaign at once. */
export function resign(s: RaftState): void {
  const successor = bestSuccessor(s);
  if (successor) sendTimeoutNow(s, successor.id);
  becomeFollower(s, s.term, 0);
}

/** A voter that knows of the change, if any, and among those one with the most of the log. */
function bestSuccessor(s: RaftState): Progress | undefined {
  const knows = (peer: Progress): boolean => peer.saidCommit >= s.resigning;
  let best: Progress | undefined;
  for (const peer of s.tracker.peers) {
    if (peer.id === s.id || peer.isLearner || !peer.recentActive) continue;
    const better = !best || (knows(peer) && !knows(best));
    if (better || (knows(peer) === knows(best!) && peer.match > best!.match)) best = peer;
  }
  return best;
}
