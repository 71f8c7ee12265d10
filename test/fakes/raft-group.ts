import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep, systemClock } from "../../lib/clock.ts";
import { isRetryable } from "../../lib/errors.ts";
import { openLog, type Logger } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import type { RaftNode } from "../../raft/index.ts";
import { openLocalRaft } from "../../raft/shell/open-local-raft.ts";
import type { RaftModules, RaftOptions } from "../../raft/shell/raft-options.ts";
import { createTestCa, type TestCa } from "./certificates.ts";
import { eventually } from "./eventually.ts";
import { RecordingMachine } from "./recording-machine.ts";

const RETRY_MS = 10;

const CLUSTER = "testcluster";

/** Opens a node; replaced to run members in threads of their own. */
export type OpenRaft = typeof openLocalRaft;

/** One member of a test group, running or stopped. */
export interface TestMember {
  readonly name: string;
  node: RaftNode;
  machine: RecordingMachine;
}

/** Members over real TLS on loopback, each with its own temporary state directory. */
export class RaftGroup {
  readonly members: TestMember[] = [];
  readonly #directory: string;
  readonly #authority: TestCa;
  readonly #options: Partial<RaftOptions>;
  readonly #open: OpenRaft;
  readonly #log: Logger;

  private constructor(
    directory: string,
    authority: TestCa,
    options: Partial<RaftOptions>,
    open: OpenRaft,
  ) {
    this.#directory = directory;
    this.#authority = authority;
    this.#options = options;
    this.#open = open;
    const level = (process.env["RAFT_LOG"] ?? "silent") as "debug" | "silent";
    this.#log = openLog({ level, format: "text" });
  }

  /** A group of `size` members. */
  static async start(
    size: number,
    options: Partial<RaftOptions> = {},
    open: OpenRaft = openLocalRaft,
  ): Promise<RaftGroup> {
    const directory = await mkdtemp(join(tmpdir(), "skep-raft-"));
    const authority = await createTestCa(CLUSTER);
    const group = new RaftGroup(directory, authority, options, open);
    for (let i = 0; i < size; i++) await group.add();
    return group;
  }

  get authority(): TestCa {
    return this.#authority;
  }

  /** A signal that never aborts, for calls under the test's own timeout. */
  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  /** The member that leads and says so. */
  leader(): Promise<TestMember> {
    return eventually("a member leads", () =>
      this.members.find(({ node }) => node.status().leading > 0),
    );
  }

  /** Adds a member; resolves when it votes. */
  async add(): Promise<TestMember> {
    const name = `node${this.members.length + 1}`;
    const first = this.members.length === 0;
    const join: RaftOptions["join"] = async (addr, signal) => {
      const leader = await this.leader();
      const controlAddr = `${name}:2377`;
      return leader.node.addMember({ nodeId: name, addr, controlAddr }, signal);
    };
    const member = await this.#run(name, first ? {} : { join });
    this.members.push(member);
    await eventually(`${name} votes`, () => {
      const leads = this.members.find(({ node }) => node.status().leading > 0);
      const members = leads?.node.status().members ?? [];
      return members.find(({ nodeId, learner }) => nodeId === name && !learner);
    });
    return member;
  }

  /** Opens a member that was stopped once more. */
  async restart(member: TestMember, options: Partial<RaftOptions> = {}): Promise<void> {
    const again = await this.#run(member.name, options);
    member.node = again.node;
    member.machine = again.machine;
  }

  /** Proposes at whoever leads until it is confirmed. */
  async propose(text: string): Promise<void> {
    for (;;) {
      const { node } = await this.leader();
      try {
        await node.propose(Buffer.from(text));
        return;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        await sleep(systemClock, RETRY_MS, this.signal);
      }
    }
  }

  /** Waits until every given member has exactly these lines. */
  async agree(lines: readonly string[], members = this.members): Promise<void> {
    const text = JSON.stringify(lines);
    for (const { name, machine } of members)
      await eventually(
        `${name} has all ${lines.length} lines`,
        () => JSON.stringify(machine.lines) === text,
      );
  }

  /** Stops everything and removes the files. */
  async close(): Promise<void> {
    await Promise.all(this.members.map(({ node }) => node.stop().catch(() => {})));
    await rm(this.#directory, { recursive: true });
  }

  stateDir(name: string): string {
    return join(this.#directory, name);
  }

  async #run(name: string, options: Partial<RaftOptions>): Promise<TestMember> {
    const machine = new RecordingMachine();
    const modules: RaftModules = {
      clock: systemClock,
      random: systemRandom,
      log: this.#log.child({ module: name }),
      stateMachine: machine,
    };
    const all: RaftOptions = {
      stateDir: this.stateDir(name),
      clusterId: CLUSTER,
      self: { nodeId: name },
      listenAddr: "127.0.0.1:0",
      advertiseAddr: "127.0.0.1:0",
      controlAddr: `${name}:2377`,
      tls: await this.#authority.issue({ nodeId: name }),
      tickMs: 40,
      ...this.#options,
      ...options,
    };
    const node = await this.#open(all, modules, this.signal);
    return { name, node, machine };
  }
}
