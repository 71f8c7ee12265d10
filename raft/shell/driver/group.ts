import type { Clock } from "../../../lib/clock.ts";
import { decodeConfChange } from "../../core/conf-change-codec.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { Entry, Id } from "../../core/types.ts";
import { applyChange, type MemberRecord, type Membership } from "../membership.ts";
import type { Transport } from "../transport/transport.ts";

/** What this part needs of its driver. */
export interface GroupModules {
  readonly core: RaftCore;
  readonly transport: Transport;
  readonly clock: Pick<Clock, "monotonic">;
  /** A member that was not heard from for this long counts as away. */
  readonly awayMs: number;
}

/** Who belongs to the group as far as this member has applied, and how they are reached. */
export class Group {
  readonly #selfId: Id;
  readonly #modules: GroupModules;
  #membership: Membership;
  /** Members this node was told when it joined; they serve until the log names them. */
  readonly #told: readonly MemberRecord[];
  /** What members say about themselves; newer than the log when one was moved. */
  readonly #heard = new Map<Id, MemberRecord>();
  /** When a message of each member last arrived, monotonic. */
  readonly #contacts = new Map<Id, number>();

  constructor(
    self: MemberRecord,
    told: readonly MemberRecord[],
    membership: Membership,
    modules: GroupModules,
  ) {
    this.#selfId = self.id;
    this.#modules = modules;
    this.#membership = membership;
    this.#told = told;
    this.#heard.set(self.id, self);
  }

  get membership(): Membership {
    return this.#membership;
  }

  isRemoved(id: Id): boolean {
    return this.#membership.removed.includes(id);
  }

  /** This node is the only voter. */
  isAlone(): boolean {
    const { voters, votersOutgoing } = this.#membership.confState;
    return votersOutgoing.length === 0 && voters.length === 1 && voters[0] === this.#selfId;
  }

  /** A committed configuration change takes effect. */
  apply(entry: Entry): void {
    const change = decodeConfChange(entry.data);
    const before = this.#membership;
    const confState = this.#modules.core.applyConfChange(change);
    this.#membership = applyChange(before, change, confState);
    for (const [id, member] of before.members)
      if (id !== this.#selfId && this.isRemoved(id)) this.#modules.transport.tellRemoved(member);
    this.updatePeers();
  }

  /** A snapshot brought the membership at its index. */
  replace(membership: Membership): void {
    this.#membership = membership;
    this.updatePeers();
  }

  /** The node that a member runs on; undefined while the member is not known. */
  nodeIdOf(id: Id): string | undefined {
    return this.#membership.members.get(id)?.nodeId;
  }

  /** A message of `id` has arrived. */
  contacted(id: Id): void {
    this.#contacts.set(id, this.#modules.clock.monotonic());
  }

  /** Whether a member can be counted on: there is a way to it and it speaks. */
  isAlive(id: Id): boolean {
    if (id === this.#selfId) return true;
    const { transport, clock, awayMs } = this.#modules;
    const contact = this.#contacts.get(id) ?? Number.NEGATIVE_INFINITY;
    return transport.isReachable(id) && clock.monotonic() - contact <= awayMs;
  }

  /** A peer says where it is reached. */
  heard(peer: MemberRecord): void {
    const known = this.#heard.get(peer.id);
    if (known && sameAddresses(known, peer)) return;
    this.#heard.set(peer.id, peer);
    this.updatePeers();
  }

  /** A member whose addresses in the log are outdated, as it should stand there. */
  moved(): MemberRecord | undefined {
    for (const member of this.#membership.members.values()) {
      const heard = this.#heard.get(member.id);
      if (heard && !sameAddresses(heard, member)) return heard;
    }
    return undefined;
  }

  /** Tells the transport whom to talk to. */
  updatePeers(): void {
    const peers = new Map(this.#told.map((member) => [member.id, member]));
    for (const [id, member] of this.#membership.members) peers.set(id, member);
    for (const [id, member] of this.#heard) peers.set(id, member);
    for (const id of this.#membership.removed) peers.delete(id);
    peers.delete(this.#selfId);
    this.#modules.transport.setPeers([...peers.values()]);
  }
}

function sameAddresses(a: MemberRecord, b: MemberRecord): boolean {
  return a.addr === b.addr && a.controlAddr === b.controlAddr;
}
