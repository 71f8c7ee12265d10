import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { RaftMember, StateMachine } from "../index.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import { snapshotDirectory, type MemberOptions } from "./bound-member.ts";
import type { Defer } from "./driver/local-port.ts";
import type { HostPort } from "./driver/port.ts";
import { SNAPSHOT_SETTINGS, type SnapshotSettings } from "./driver/snapshotting.ts";
import { Lock } from "./host/lock.ts";
import { RaftHost } from "./host/raft-host.ts";
import type { MemberIdentity } from "./member-file.ts";
import { FileSnapshotStore } from "./snapshots/file-snapshot-store.ts";

/** What the leader answers to a node that is to become a member; see `RaftNode.addMember`. */
export interface JoinTicket {
  readonly id: number;
  readonly members: readonly Pick<RaftMember, "id" | "nodeId" | "addr" | "controlAddr">[];
}

export interface RaftOptions {
  /** Raft's own directory; created with mode 0700. */
  readonly stateDir: string;
  readonly clusterId: string;
  /** Without `id` the member that begins a group draws one. */
  readonly self: { readonly nodeId: string; readonly id?: number };
  /** `host:port` of the peer port; port 0 lets the system choose, see `RaftNode.addr`. */
  readonly listenAddr: string;
  /** `host:port` told to peers; port 0 stands for the bound one. */
  readonly advertiseAddr: string;
  /** `host:port` of this node's control API, told to clients of the leader. */
  readonly controlAddr: string;
  /**
   * How a new member comes into an existing group: what the leader answered, or a function that
   * asks it, given the address of the open peer port. Undefined begins a group. Without meaning
   * when the state directory already belongs to a member.
   */
  readonly join?: JoinTicket | ((addr: string, signal: AbortSignal) => Promise<JoinTicket>);
  readonly tls: TlsMaterial;
  /** The key-encryption key of a locked directory, 32 bytes. @default null */
  readonly kek?: Uint8Array | null;
  /** @default 100 */
  readonly tickMs?: number;
  /** T, in ticks. @default 10 */
  readonly electionTicks?: number;
  /** @default SNAPSHOT_SETTINGS */
  readonly snapshots?: Partial<SnapshotSettings>;
}

export interface RaftModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly stateMachine: StateMachine;
}

/** Runs a task once what the event loop already has was handled. */
export const deferToNextTurn: Defer = (task) => {
  setImmediate(task);
};

/** The options of the thread that runs the member. */
export function memberOptions(options: RaftOptions): MemberOptions {
  const { self, join: _join, tickMs, electionTicks, snapshots, ...rest } = options;
  return {
    ...rest,
    nodeId: self.nodeId,
    kek: options.kek ?? null,
    tickMs: tickMs ?? 100,
    electionTicks: electionTicks ?? 10,
    snapshots: { ...SNAPSHOT_SETTINGS, ...snapshots },
  };
}

/** Who a member without a past is to be. */
export async function newIdentity(
  options: RaftOptions,
  addr: string,
  random: Random,
  signal: AbortSignal,
): Promise<MemberIdentity> {
  const { clusterId, self, join } = options;
  const { nodeId } = self;
  const ticket = typeof join === "function" ? await join(addr, signal) : join;
  if (!ticket) {
    const id = self.id ?? 1 + random.int(Number.MAX_SAFE_INTEGER - 1);
    return { clusterId, nodeId, id, peers: [] };
  }
  const peers = ticket.members
    .filter(({ id }) => id !== ticket.id)
    .map(({ id, nodeId: of, addr: at, controlAddr }) => ({
      id,
      nodeId: of,
      addr: at,
      controlAddr,
    }));
  return { clusterId, nodeId, id: ticket.id, peers };
}

/** The host of a member that is reached through `port`, once it takes part. */
export async function openHost(
  identity: { readonly id: number; readonly addr: string },
  options: RaftOptions,
  modules: RaftModules,
  port: HostPort,
): Promise<RaftHost> {
  const { stateDir, kek = null } = options;
  const lock = new Lock({ stateDir, kek }, { random: modules.random, port });
  const snapshots = await FileSnapshotStore.open(snapshotDirectory(stateDir), lock.cipher);
  return new RaftHost(identity, { ...modules, snapshots, lock, port, defer: deferToNextTurn });
}
