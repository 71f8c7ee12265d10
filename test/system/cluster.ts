import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { filters, type NodeJson, type ServiceJson, type TaskJson } from "../../demo/api.ts";
import { waitFor } from "../../demo/wait.ts";
import { systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { SWARMD, SwarmProcess, type Place } from "./swarm-process.ts";

/** Longest that a condition may take to hold, milliseconds; generous, the machine may be busy. */
const WAIT_LIMIT_MS = 60_000;
/** Longest that a call may take that nobody repeats: a new manager takes part in Raft by then. */
const CALL_LIMIT_MS = 120_000;
/** Setting up and tearing down a cluster, milliseconds. */
const HOOK_LIMIT_MS = 240_000;
const LOOPBACK = ["--listen-addr", "127.0.0.1:0", "--advertise-addr", "127.0.0.1"];
/** In the environment of every task of a test, so that its processes can be found. */
const MARK = "SKEP_TEST_ROOT";

export interface SystemNode extends NodeJson {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Role: string; readonly Availability: string };
}

export interface SystemTask extends TaskJson {
  readonly Status: TaskJson["Status"] & {
    readonly Message?: string;
    readonly Timestamp?: string;
    readonly ContainerStatus?: {
      readonly ContainerID?: string;
      readonly PID?: number;
      readonly ExitCode?: number;
    };
  };
}

export interface SystemService extends ServiceJson {
  readonly Version: { readonly Index: number };
  readonly Spec: Record<string, unknown> & { readonly TaskTemplate: Record<string, unknown> };
}

/** The part of `GET /info` that speaks of the swarm. */
export interface NodeInfo {
  readonly Swarm: {
    readonly LocalNodeState: string;
    readonly ControlAvailable?: boolean;
    readonly Error?: string;
    readonly RemoteManagers?: readonly { readonly Addr: string }[] | null;
  };
}

/** What a test's service is made of; everything but the script has Docker's default. */
export interface ServiceShape {
  readonly script: string;
  readonly mode?: Readonly<Record<string, unknown>>;
  readonly replicas?: number;
  readonly container?: Readonly<Record<string, unknown>>;
  readonly template?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly env?: readonly string[];
}

/** Waits until `look` returns something other than undefined; its last error is named if not. */
export function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  limitMs = WAIT_LIMIT_MS,
): Promise<T> {
  return waitFor(what, look, limitMs, {
    clock: systemClock,
    signal: new AbortController().signal,
  });
}

/** Whether a process with this id is there and not only waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function listen({ address }: SwarmProcess): { ListenAddr: string; AdvertiseAddr: string } {
  return { ListenAddr: `${address}:0`, AdvertiseAddr: address };
}

/** Several swarmd processes on this machine, in one swarm, in a directory of their own. */
export class SystemCluster {
  readonly nodes: SwarmProcess[] = [];
  #tokens = { Worker: "", Manager: "" };
  #addr = "";
  #root = "";

  /** Directory of everything; made when first asked for, as a suite may never run. */
  get root(): string {
    this.#root ||= fs.mkdtempSync(path.join(os.tmpdir(), "skep-system-"));
    return this.#root;
  }

  /** Makes a node and starts its process; in no swarm yet. */
  async add(name: string, flags?: readonly string[]): Promise<SwarmProcess> {
    const node = this.place(name, flags);
    node.start();
    await this.answering(node);
    return node;
  }

  /** Makes a node whose process is still to be started. */
  place(name: string, flags?: readonly string[], place?: Place): SwarmProcess {
    const node = new SwarmProcess(this.root, name, flags, place);
    this.nodes.push(node);
    return node;
  }

  node(name: string): SwarmProcess {
    const found = this.nodes.find((node) => node.name === name);
    assert.ok(found, `no node is called ${name}`);
    return found;
  }

  /** Resolves when the node's API answers. */
  async answering(node: SwarmProcess): Promise<void> {
    await until(`${node.name} answers`, async () => {
      assert.ok(node.running, `${node.name} has ended`);
      await node.get("/info");
      return true;
    });
  }

  /** Nodes m1…, w1… in one swarm, all Ready. */
  async form(managers: number, workers: number): Promise<void> {
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
    const [first, ...others] = await Promise.all(
      names("m", managers).map((name) => this.add(name)),
    );
    assert.ok(first);
    await this.init(first);
    await Promise.all([
      ...others.map((node) => this.join(node, "Manager")),
      ...names("w", workers).map(async (name) => this.join(await this.add(name), "Worker")),
    ]);
    await this.allReady();
  }

  /** Makes a swarm of which `manager` is the first node; the others join through it. */
  async init(manager: SwarmProcess): Promise<void> {
    await manager.post("/swarm/init", { ...listen(manager), Spec: {} }, CALL_LIMIT_MS);
    const { Swarm } = await manager.get<NodeInfo>("/info");
    this.#addr = Swarm.RemoteManagers?.[0]?.Addr ?? "";
    const swarm = await manager.get<{ JoinTokens: { Worker: string; Manager: string } }>("/swarm");
    this.#tokens = swarm.JoinTokens;
  }

  get tokens(): { readonly Worker: string; readonly Manager: string } {
    return this.#tokens;
  }

  /** Where the first manager listens. */
  get addr(): string {
    return this.#addr;
  }

  async join(node: SwarmProcess, role: "Worker" | "Manager"): Promise<void> {
    const body = { ...listen(node), RemoteAddrs: [this.#addr], JoinToken: this.#tokens[role] };
    try {
      await node.post("/swarm/join", body, CALL_LIMIT_MS);
    } catch (error) {
      // On a busy machine the call may give up before the node does, as Docker's.
      if (!/continue in the background/.test(messageOf(error))) throw error;
      await until(`${node.name} has joined`, async () => {
        const { Swarm } = await node.get<NodeInfo>("/info");
        return Swarm.LocalNodeState === "active" ? true : undefined;
      });
    }
  }

  /** Names of the flags that keep a node on loopback. */
  get loopback(): readonly string[] {
    return LOOPBACK;
  }

  /** A running node that is a manager and knows a leader. */
  async manager(except?: SwarmProcess): Promise<SwarmProcess> {
    for (const node of this.nodes) {
      if (!node.running || node === except) continue;
      try {
        const { Swarm } = await node.get<NodeInfo>("/info");
        if (Swarm.ControlAvailable && !Swarm.Error) return node;
      } catch {
        // It is starting or stopping just now.
      }
    }
    throw new Error("no manager with a leader answers");
  }

  async list(): Promise<SystemNode[]> {
    return (await this.manager()).get<SystemNode[]>("/nodes");
  }

  async leader(): Promise<SwarmProcess> {
    return until("there is a leader", async () => {
      const found = (await this.list()).find((node) => node.ManagerStatus?.Leader);
      if (!found) return undefined;
      const node = this.node(found.Description.Hostname);
      return node.running ? node : undefined;
    });
  }

  /** The swarm's object of a node. */
  async object(node: SwarmProcess): Promise<SystemNode> {
    const objects = (await this.list()).filter((one) => one.Description.Hostname === node.name);
    const found = objects.find((one) => one.Status.State === "ready") ?? objects.at(-1);
    assert.ok(found, `${node.name} is no node of the swarm`);
    return found;
  }

  /** Changes a node's spec, as read just now; tries again when it changed meanwhile. */
  async changeNode(node: SwarmProcess, change: Record<string, string>): Promise<void> {
    await until(`${node.name} is changed`, async () => {
      const { ID, Version, Spec } = await this.object(node);
      const manager = await this.manager();
      await manager.post(`/nodes/${ID}/update?version=${Version.Index}`, { ...Spec, ...change });
      return true;
    });
  }

  /** Resolves when every running node, and no other, is Ready, with `managers` of them reachable. */
  async allReady(managers?: number): Promise<void> {
    const running = this.nodes.filter((node) => node.running);
    await until("all nodes are Ready", async () => {
      const away = running.find((node) => !node.registered);
      assert.equal(away?.name, undefined, "a node that has not registered yet");
      const nodes = await this.list();
      const ready = nodes.filter((node) => node.Status.State === "ready");
      assert.equal(ready.length, running.length, "nodes that are Ready");
      const states = nodes.flatMap((node) => node.ManagerStatus?.Reachability ?? []);
      const reachable = states.filter((state) => state === "reachable").length;
      if (managers !== undefined) assert.equal(reachable, managers, "managers that are reachable");
      else assert.equal(reachable, states.length, "managers that are reachable");
      return true;
    });
  }

  /** Docker's JSON of a service under the process runtime. */
  spec(name: string, shape: ServiceShape): Record<string, unknown> {
    const env = [`${MARK}=${this.root}`, ...(shape.env ?? [])];
    return {
      Name: name,
      Labels: { "skep.runtime": "process" },
      Mode: shape.mode ?? { Replicated: { Replicas: shape.replicas ?? 1 } },
      TaskTemplate: {
        ContainerSpec: {
          Image: "process",
          Args: ["/bin/sh", "-c", shape.script],
          Env: env,
          StopGracePeriod: 2e9,
          ...shape.container,
        },
        RestartPolicy: { Condition: "any", Delay: 0 },
        ...shape.template,
      },
      ...shape.spec,
    };
  }

  async create(name: string, shape: ServiceShape): Promise<string> {
    const manager = await this.manager();
    const body = this.spec(name, shape);
    return (await manager.post<{ ID: string }>("/services/create", body, CALL_LIMIT_MS)).ID;
  }

  async service(name: string): Promise<SystemService> {
    return (await this.manager()).get<SystemService>(`/services/${name}`);
  }

  /** Replaces a service's spec by one of `shape`. */
  async update(name: string, shape: ServiceShape): Promise<void> {
    await until(`${name} is changed`, async () => {
      const { Version } = await this.service(name);
      const where = `/services/${name}/update?version=${Version.Index}`;
      await (await this.manager()).post(where, this.spec(name, shape));
      return true;
    });
  }

  async tasks(name: string, filter: Record<string, string[]> = {}): Promise<SystemTask[]> {
    const query = filters({ service: [name], ...filter });
    return (await this.manager()).get<SystemTask[]>(`/tasks?${query}`);
  }

  /** Waits for exactly `count` tasks that are wanted and run, on nodes that are Ready. */
  async running(name: string, count: number, limitMs?: number): Promise<SystemTask[]> {
    return until(
      `${count} tasks of ${name} run`,
      async () => {
        const tasks = await this.tasks(name, { "desired-state": ["running"] });
        const nodes = (await this.list()).filter((node) => node.Status.State === "ready");
        const ready = new Set(nodes.map((node) => node.ID));
        const good = tasks.filter(
          (task) => task.Status.State === "running" && ready.has(task.NodeID ?? ""),
        );
        const why = tasks.map((task) => `${task.Status.State} ${task.Status.Err ?? ""}`);
        assert.deepEqual([good.length, tasks.length], [count, count], why.join("; "));
        return good;
      },
      limitMs,
    );
  }

  /**
   * Programs of this cluster's tasks, by process id; with `word` only those of a matching
   * environment. The shells that keep their exit statuses do not count.
   */
  processes(word = ""): readonly number[] {
    const mark = `${MARK}=${this.root}`;
    return this.#marked((env, command) => {
      const isProgram = env.includes(mark) && !command.includes("skep-task");
      return isProgram && (word === "" || env.includes(word));
    });
  }

  /** Everything that any swarmd of this cluster started for a task, by process id. */
  remains(): readonly number[] {
    // What starts them serves all tasks, and stays as long as its swarmd.
    const marks = [`SKEP_WORKER=${this.root}/`, "SKEP_TASK_ID="];
    return this.#marked((env) =>
      marks.every((mark) => env.some((entry) => entry.startsWith(mark))),
    );
  }

  #marked(
    matches: (env: readonly string[], command: readonly string[]) => boolean,
  ): readonly number[] {
    const own = new Set(this.nodes.map((node) => node.pid));
    const read = (pid: number, file: string): readonly string[] =>
      fs.readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
    return fs
      .readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && !own.has(pid) && isAlive(pid))
      .filter((pid) => {
        try {
          return matches(read(pid, "environ"), read(pid, "cmdline"));
        } catch {
          // It ended while we looked, or is another user's.
          return false;
        }
      });
  }

  /** Resolves when exactly `count` processes of tasks are left. */
  async processCount(count: number): Promise<void> {
    await until(`${count} processes of tasks are there`, async () => {
      assert.equal(this.processes().length, count, "processes of tasks");
      return true;
    });
  }

  async removeService(name: string): Promise<void> {
    await (await this.manager()).delete(`/services/${name}`);
  }

  /** Resolves when no process of any task is left. */
  async noProcesses(word = ""): Promise<void> {
    await until("no process of a task is left", async () => {
      const left = word === "" ? this.remains() : this.processes(word);
      assert.deepEqual(left, [], "processes that are left");
      return true;
    });
  }

  logs(): string {
    return this.nodes.map((node) => `--- ${node.name}\n${node.logTail()}\n`).join("\n");
  }

  /** Ends every process by its id and removes the directory. */
  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
    for (const pid of this.remains()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Gives a suite a cluster of its own; prints the nodes' logs after a test that failed. */
export function useCluster(managers: number, workers: number): SystemCluster {
  const cluster = new SystemCluster();

  before(async function () {
    this.timeout(HOOK_LIMIT_MS);
    assert.ok(fs.existsSync(SWARMD), "build first: npm run build");
    if (managers === 0) return;
    try {
      await cluster.form(managers, workers);
    } catch (error) {
      process.stderr.write(cluster.logs());
      throw error;
    }
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });

  after(async function () {
    this.timeout(HOOK_LIMIT_MS);
    await cluster.remove();
  });

  return cluster;
}
