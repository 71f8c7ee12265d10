import { make } from "../../proto/codec.ts";
import { Reachability, type Node } from "../../proto/generated.ts";
import type { RaftMemberStatus, RaftStatus } from "../../raft/index.ts";

/** The Raft member that runs on a node. */
export function memberOf(status: RaftStatus, nodeId: string): RaftMemberStatus | undefined {
  return status.members.find((member) => member.nodeId === nodeId);
}

/** `node` with what Raft knows of it; null for a node that is no member. Never stored. */
export function withManagerStatus(node: Node, status: RaftStatus): Node {
  const member = memberOf(status, node.id);
  if (!member) return node;
  const managerStatus = make("ManagerStatus", {
    raftId: member.id,
    addr: member.controlAddr,
    leader: member.id === status.leaderId,
    reachability: member.reachable ? Reachability.REACHABLE : Reachability.UNREACHABLE,
  });
  return { ...node, managerStatus };
}

/**
 * Whether the voters that would remain without the members on the nodes `leaving` still form a
 * quorum: more than half of them answer (Raft §4.2.2).
 */
export function keepsQuorum(status: RaftStatus, leaving: ReadonlySet<string>): boolean {
  const remaining = status.members.filter(
    (member) => !member.learner && !leaving.has(member.nodeId),
  );
  const reachable = remaining.filter((member) => member.reachable).length;
  return reachable > remaining.length / 2;
}
