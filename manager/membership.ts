import { SwarmError } from "../lib/errors.ts";
import type { Call } from "../proto/call.ts";
import { make } from "../proto/codec.ts";
import {
  NodeRole,
  type JoinRaftRequest,
  type JoinRaftResponse,
  type LeaveRaftResponse,
  type MembershipApi,
} from "../proto/generated.ts";
import type { RaftNode } from "../raft/index.ts";
import type { Store } from "./store/store.ts";

export interface MembershipModules {
  readonly store: Store;
  readonly raft: Pick<RaftNode, "addMember" | "removeMember" | "status">;
}

const UNSPECIFIED = new Set(["0.0.0.0", "::", "[::]", ""]);

/** `addr` with an unspecified host replaced by the address its caller was seen at. */
function reachable(addr: string, callerAddr: string): string {
  const at = addr.lastIndexOf(":");
  const host = addr.slice(0, at);
  if (!UNSPECIFIED.has(host)) return addr;
  const seen = callerAddr.includes(":") ? `[${callerAddr}]` : callerAddr;
  return `${seen}${addr.slice(at)}`;
}

/** Managers entering and leaving the Raft group; answered by the leader. */
export class Membership implements MembershipApi {
  readonly #modules: MembershipModules;

  constructor(modules: MembershipModules) {
    this.#modules = modules;
  }

  async joinRaft(request: JoinRaftRequest, call: Call): Promise<JoinRaftResponse> {
    const { nodeId, addr } = call.caller;
    const { raft } = this.#modules;
    this.#mustBeManager(nodeId);
    const { id, members } = await raft.addMember(
      {
        nodeId,
        addr: reachable(request.addr, addr),
        controlAddr: reachable(request.controlAddr, addr),
      },
      call.signal,
    );
    try {
      this.#mustBeManager(nodeId);
    } catch (error) {
      // Demoted meanwhile: whoever took it out of Raft had not seen it there yet.
      await raft.removeMember(id, call.signal);
      throw error;
    }
    return { raftId: id, members: members.map((member) => make("RaftPeer", member)) };
  }

  /** A node that is being demoted has left Raft before its role says so. */
  #mustBeManager(nodeId: string): void {
    const node = this.#modules.store.view.node.get(nodeId);
    if (!node) throw new SwarmError("not-found", `node ${nodeId} is not a member of this swarm`);
    if (node.role !== NodeRole.MANAGER || node.spec?.desiredRole !== NodeRole.MANAGER)
      throw new SwarmError("failed-precondition", `node ${nodeId} is not to be a manager`);
  }

  async leaveRaft(_request: unknown, call: Call): Promise<LeaveRaftResponse> {
    const { raft } = this.#modules;
    const member = raft.status().members.find((m) => m.nodeId === call.caller.nodeId);
    if (member) await raft.removeMember(member.id, call.signal);
    return make("LeaveRaftResponse");
  }
}
