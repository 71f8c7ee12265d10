import { codec, make } from "../../proto/codec.ts";
import type { RaftMemberRecord } from "../../proto/generated.ts";
import type { ConfChange, ConfState } from "../core/types.ts";
import type { RaftMember } from "../index.ts";

/** Who a member is and where it is reached; whether it votes is the configuration's to say. */
export type MemberRecord = Omit<RaftMember, "learner">;

/** What a configuration change carries as context: the member it is about, or nothing. */
export function encodeMember(member: MemberRecord | null): Uint8Array {
  return member ? codec("RaftMemberRecord").encode(make("RaftMemberRecord", member)) : EMPTY;
}

/** The reverse of {@link encodeMember}. */
export function decodeMember(context: Uint8Array): MemberRecord | null {
  return context.length === 0 ? null : recordOf(codec("RaftMemberRecord").decode(context));
}

function recordOf({ id, nodeId, addr, controlAddr }: RaftMemberRecord): MemberRecord {
  return { id, nodeId, addr, controlAddr };
}

const EMPTY = new Uint8Array();

/** The members of a group at one index, addresses included. Immutable. */
export interface Membership {
  readonly confState: ConfState;
  /** By id; those of the configuration, in ascending order. */
  readonly members: ReadonlyMap<number, MemberRecord>;
  /** Ids that were taken out, ascending. They are never used again. */
  readonly removed: readonly number[];
}

/** The membership before the first configuration change. */
export const NO_MEMBERSHIP: Membership = Object.freeze({
  confState: Object.freeze({
    voters: [],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  }),
  members: new Map(),
  removed: [],
});

function ascending(members: Iterable<MemberRecord>): ReadonlyMap<number, MemberRecord> {
  const sorted = [...members].toSorted((a, b) => a.id - b.id);
  return new Map(sorted.map((member) => [member.id, member]));
}

/** The membership after `change`, which led to `confState`. */
export function applyChange(
  membership: Membership,
  change: ConfChange,
  confState: ConfState,
): Membership {
  const members = new Map(membership.members);
  const removed = new Set(membership.removed);
  const record = decodeMember(change.context);
  if (record) members.set(record.id, record);
  for (const step of change.steps) {
    if (step.type !== "remove") continue;
    members.delete(step.id);
    removed.add(step.id);
  }
  const ids = [...removed].toSorted((a, b) => a - b);
  return { confState, members: ascending(members.values()), removed: ids };
}

/** Whether `id` receives the log without counting in quorums. */
export function isLearner({ confState }: Membership, id: number): boolean {
  return confState.learners.includes(id) || confState.learnersNext.includes(id);
}

/** The members as the node's status lists them. */
export function memberList(membership: Membership): readonly RaftMember[] {
  return [...membership.members.values()].map((member) => ({
    ...member,
    learner: isLearner(membership, member.id),
  }));
}

/** Voters of both halves of the configuration, ascending. */
export function voterIds({ confState }: Membership): readonly number[] {
  const ids = new Set([...confState.voters, ...confState.votersOutgoing]);
  return [...ids].toSorted((a, b) => a - b);
}

/** Members needed to decide among `voters`. */
export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * Why taking `id` out would leave the group without a working quorum, as a sentence with the
 * arithmetic; null when it would not. `reachable` tells who was heard from lately.
 */
export function removalProblem(
  membership: Membership,
  id: number,
  reachable: (id: number) => boolean,
): string | null {
  const voters = voterIds(membership);
  if (!voters.includes(id)) return null;
  const rest = voters.filter((voter) => voter !== id);
  if (rest.length === 0)
    return "it is the only voting manager: a swarm needs at least one, so add another first";
  const up = rest.filter(reachable).length;
  const needed = quorumOf(rest.length);
  if (up >= needed) return null;
  const down = rest.filter((voter) => !reachable(voter));
  const names = down.map((voter) => membership.members.get(voter)?.nodeId ?? String(voter));
  return (
    `of the ${rest.length} voting managers that would remain only ${up} can be reached and ` +
    `${needed} are needed: bring back ${names.join(", ")} first, or remove the unreachable first`
  );
}

/** Codec form of a membership inside a snapshot's description. */
export function membershipFields(membership: Membership): {
  readonly members: readonly RaftMemberRecord[];
  readonly removed: readonly number[];
} {
  const members = [...membership.members.values()].map((m) => make("RaftMemberRecord", m));
  return { members, removed: membership.removed };
}

/** The reverse of {@link membershipFields}, with the configuration from the same description. */
export function membershipFrom(
  fields: ReturnType<typeof membershipFields>,
  confState: ConfState,
): Membership {
  return {
    confState,
    members: ascending(fields.members.map(recordOf)),
    removed: [...fields.removed],
  };
}
