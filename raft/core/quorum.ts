import type { Id } from "./types.ts";

/** Something that knows a number per voter: an acknowledged index, a round, a time. */
export interface Acknowledgements {
  /** What voter `id` has reached; the type's lowest value when it said nothing. */
  acked(id: Id): number;
}

/** Outcome of an election as far as the answers so far decide it. */
export type VoteResult = "pending" | "lost" | "won";

/**
 * The highest number that a majority of `voters` has reached. Without voters it is Infinity: an
 * empty half of a joint configuration holds nothing back.
 */
export function majorityReached(voters: readonly Id[], by: Acknowledgements): number {
  const count = voters.length;
  if (count === 0) return Infinity;
  // Insertion sort, descending: groups are small and mostly in step with each other.
  const sorted: number[] = [];
  for (const id of voters) {
    const value = by.acked(id);
    let at = sorted.length;
    sorted.push(value);
    for (; at > 0 && sorted[at - 1]! < value; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = value;
  }
  return sorted[count >> 1]!;
}

/** The highest number that both halves of a (possibly joint) configuration have reached. */
export function quorumReached(
  incoming: readonly Id[],
  outgoing: readonly Id[],
  by: Acknowledgements,
): number {
  const reached = majorityReached(incoming, by);
  return outgoing.length === 0 ? reached : Math.min(reached, majorityReached(outgoing, by));
}

function majorityVote(voters: readonly Id[], votes: ReadonlyMap<Id, boolean>): VoteResult {
  // An empty half agrees with whatever the other half decides.
  if (voters.length === 0) return "won";
  const needed = (voters.length >> 1) + 1;
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === true) granted++;
    else if (vote === undefined) missing++;
  }
  if (granted >= needed) return "won";
  return granted + missing >= needed ? "pending" : "lost";
}

/** The outcome of `votes` (id → granted) in both halves; won only when each half is won. */
export function voteResult(
  incoming: readonly Id[],
  outgoing: readonly Id[],
  votes: ReadonlyMap<Id, boolean>,
): VoteResult {
  const first = majorityVote(incoming, votes);
  const second = majorityVote(outgoing, votes);
  if (first === second) return first;
  return first === "lost" || second === "lost" ? "lost" : "pending";
}
