import { join } from "node:path";
import { createTestCa } from "../../test/fakes/certificates.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import type { JoinTicket } from "../../raft/shell/open-raft.ts";
import { freePorts } from "../ports.ts";
import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import type { Site } from "../site.ts";
import type { Cluster } from "./cluster.ts";
import { buildMember, type Program } from "./member-program.ts";
import { MemberProcess } from "./member-process.ts";
import { numbered } from "./numbers-machine.ts";
import { PROPOSE_PATH } from "./propose-service.ts";
import type { MemberConfig, MemberFacts } from "./protocol.ts";
import { PutClient } from "./put-client.ts";

/** Bytes of an entry. */
export const ENTRY_BYTES = 256;

const CLUSTER_ID = "bench";

/** Under load no two members are ever at the same entry. */
const LAG_ENTRIES = 64;

/** Name in every manager's certificate. */
const SERVER_NAME = "swarm-manager";

const METHOD = {
  path: PROPOSE_PATH,
  request: (number: number) => Buffer.from(numbered(number, ENTRY_BYTES)),
};

interface Member {
  readonly config: MemberConfig;
  readonly namespace: string | null;
  readonly client: PutClient;
  process: MemberProcess | undefined;
}

/** Our Raft: each member a process, TLS and synced writes as in production. */
export class SkepCluster implements Cluster {
  readonly name = "skep";
  readonly #program: Program;
  readonly #members: readonly Member[];
  readonly #signal: AbortSignal;

  private constructor(program: Program, members: readonly Member[], signal: AbortSignal) {
    this.#program = program;
    this.#members = members;
    this.#signal = signal;
  }

  /** Starts one member for each host of the site. */
  static async start(site: Site, { directory, signal }: BenchModules): Promise<SkepCluster> {
    const { hosts, namespaces } = site;
    const authority = await createTestCa(CLUSTER_ID);
    const clientTls = await authority.issue({ nodeId: "client" });
    const ports = await freePorts(hosts.length * 2);
    const members: Member[] = [];
    for (const [i, host] of hosts.entries()) {
      const nodeId = `node${i + 1}`;
      const tls = await authority.issue({ nodeId });
      const clientAddr = `${host}:${ports[2 * i + 1]}`;
      const config = {
        stateDir: join(directory, nodeId),
        clusterId: CLUSTER_ID,
        nodeId,
        raftAddr: `${host}:${ports[2 * i]}`,
        clientAddr,
        ticket: null,
        tls,
      };
      const client = connect(clientAddr, clientTls);
      members.push({ config, namespace: namespaces[i] ?? null, client, process: undefined });
    }
    const cluster = new SkepCluster(await buildMember(), members, signal);
    for (const member of members.keys()) await cluster.#begin(member);
    await cluster.whole();
    return cluster;
  }

  get clients(): readonly PutClient[] {
    return this.#members.map(({ client }) => client);
  }

  /** A member's process. */
  process(member: number): MemberProcess {
    const running = this.#members[member]?.process;
    if (!running) throw new Error(`member ${member} is not running`);
    return running;
  }

  pids(): readonly number[] {
    return this.#members.flatMap(({ process }) => (process ? [process.pid] : []));
  }

  leader(): Promise<number> {
    return until(
      "a member leads",
      async () => {
        const all = await this.#facts();
        const leader = all.findIndex((facts) => facts?.leading);
        const id = all[leader]?.id;
        const followed = all.every((facts) => facts === undefined || facts.leaderId === id);
        return leader >= 0 && followed ? leader : undefined;
      },
      this.#signal,
    );
  }

  async end(member: number, signal: NodeJS.Signals): Promise<void> {
    const { process } = this.#members[member] as Member;
    (this.#members[member] as Member).process = undefined;
    await process?.end(signal);
  }

  restart(member: number): Promise<void> {
    return this.#open(member, null);
  }

  async whole(): Promise<void> {
    await until(
      "all members vote and have the whole log",
      async () => {
        const all = await this.#facts();
        const leader = all.find((facts) => facts?.leading);
        const size = this.#members.length;
        const voting = leader?.members.filter((m) => !m.learner && m.reachable).length === size;
        const wanted = (leader?.applied ?? Infinity) - LAG_ENTRIES;
        const level = all.every((facts) => facts && facts.applied >= wanted);
        return voting && level ? true : undefined;
      },
      this.#signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#members) client.close();
    await Promise.all(this.#members.map((_, i) => this.end(i, "SIGKILL")));
    await this.#program.remove();
  }

  /** Has the group admit a new member, then starts it. */
  async #begin(member: number): Promise<void> {
    if (member === 0) return this.#open(0, null);
    const leader = this.process(await this.leader());
    const { nodeId, raftAddr, clientAddr } = (this.#members[member] as Member).config;
    const ticket = await leader.call("add", { nodeId, addr: raftAddr, controlAddr: clientAddr });
    return this.#open(member, ticket);
  }

  async #open(index: number, ticket: JoinTicket | null): Promise<void> {
    const member = this.#members[index] as Member;
    member.process = await MemberProcess.open(
      this.#program.entry,
      { ...member.config, ticket },
      member.namespace,
    );
  }

  #facts(): Promise<readonly (MemberFacts | undefined)[]> {
    return Promise.all(this.#members.map(async ({ process }) => process?.facts()));
  }
}

function connect(addr: string, tls: TlsMaterial): PutClient {
  return new PutClient(addr, METHOD, tls, SERVER_NAME);
}
