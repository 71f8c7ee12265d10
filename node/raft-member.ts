import net from "node:net";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { selfCaller } from "../ca/identity.ts";
import { MembershipService } from "../proto/generated.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import { RpcConnection } from "../proto/rpc-client.ts";
import type { RaftNode, StateMachine } from "../raft/index.ts";
import { openRaft, type JoinTicket } from "../raft/shell/open-raft.ts";
import type { HostPort } from "../engine/swarm-node.ts";

/** Ports after the control port that are tried for Raft before any free one is taken. */
const PORTS_TRIED = 8;
const PORT_MAX = 65_535;

export interface RaftMemberOptions {
  /** Raft's directory. */
  readonly dir: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly listenHost: string;
  readonly advertiseHost: string;
  /** Port of earlier runs; 0 = the first free one after the control port. */
  readonly port: number;
  readonly controlAddr: string;
  /** Opens a locked directory; null when it is not locked. */
  readonly unlockKey: Uint8Array | null;
  /** Managers to ask for admission, `host:port` each; empty when this node begins the group. */
  readonly joinThrough: readonly string[];
}

export interface RaftMemberModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tls: NodeTls;
}

const join = ({ host, port }: HostPort): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Asks the managers one after the other, who pass it on to the leader, to admit `addr`. */
async function askForAdmission(
  addr: string,
  options: RaftMemberOptions,
  { tls, clock }: RaftMemberModules,
  signal: AbortSignal,
): Promise<JoinTicket> {
  let failure: unknown;
  for (const manager of options.joinThrough) {
    const connection = new RpcConnection({
      addr: manager,
      credentials: tls.client,
      now: () => clock.now(),
    });
    try {
      const api = connection.api(MembershipService);
      const request = { addr, controlAddr: options.controlAddr };
      const call = { signal, caller: selfCaller(tls.material) };
      const { raftId, members } = await api.joinRaft(request, call);
      return { id: raftId, members };
    } catch (error) {
      failure = error;
    } finally {
      connection.close();
    }
  }
  throw failure;
}

/** Whether a server can listen there at the moment. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The port of earlier runs, else the first free one after the control port, else any. */
async function choosePort({ port, controlAddr, listenHost }: RaftMemberOptions): Promise<number> {
  if (port !== 0) return port;
  const control = Number(controlAddr.slice(controlAddr.lastIndexOf(":") + 1));
  for (let next = control + 1; next <= Math.min(control + PORTS_TRIED, PORT_MAX); next++)
    if (await isFree(listenHost, next)) return next;
  return 0;
}

/** Opens this node's member of the Raft group. */
export async function openRaftMember(
  options: RaftMemberOptions,
  modules: RaftMemberModules,
  stateMachine: StateMachine,
  signal: AbortSignal,
): Promise<RaftNode> {
  const { tls } = modules;
  const begins = options.joinThrough.length === 0;
  const port = await choosePort(options);
  const raft = await openRaft(
    {
      stateDir: options.dir,
      clusterId: options.clusterId,
      self: { nodeId: options.nodeId },
      listenAddr: join({ host: options.listenHost, port }),
      advertiseAddr: join({ host: options.advertiseHost, port }),
      controlAddr: options.controlAddr,
      tls: tls.material,
      kek: options.unlockKey,
      ...(begins ? {} : { join: (addr, inner) => askForAdmission(addr, options, modules, inner) }),
    },
    { ...modules, stateMachine },
    signal,
  );
  const release = tls.onUpdate((material) => raft.updateTls(material));
  void raft.closed().then(release, release);
  return raft;
}
