import fs from "node:fs";
import path from "node:path";
import { call, filters, type NodeJson, type ServiceJson, type TaskJson } from "./api.ts";
import type { DemoCluster } from "./cluster.ts";
import type { DemoOptions } from "./options.ts";
import { DEMO_IMAGE, REPLICA_IN_IMAGE } from "./image.ts";
import { swarm, type DemoNode } from "./swarm-node.ts";
import { waitFor } from "./wait.ts";

const SERVICE = "web";
const REPLICA = path.join(import.meta.dirname, "replica.js");

/** Longest that tasks may take to get where they should be, milliseconds. */
const CONVERGE_LIMIT_MS = 120_000;

/** The demo's service on the demo's cluster. */
export class WebService {
  readonly #cluster: DemoCluster;
  readonly #options: DemoOptions;

  constructor(cluster: DemoCluster, options: DemoOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Creates the service with the `swarm` command; returns before its tasks run. */
  async create(): Promise<void> {
    const flags = ["--detach", "--name", SERVICE, "--replicas", String(this.#options.replicas)];
    flags.push("--env", "TASK={{.Task.Name}}", "--env", "NODE={{.Node.Hostname}}");
    flags.push("--update-parallelism", "2", "--update-monitor", "1s", "--restart-delay", "0s");
    // The last argument finds the service's processes again, whoever started them.
    const marker = this.#cluster.root;
    const what =
      this.#options.runtime === "process"
        ? ["--runtime", "process", "--", process.execPath, REPLICA, marker]
        : [
            "--env",
            "BIND=any",
            "--no-resolve-image",
            DEMO_IMAGE,
            "/node",
            REPLICA_IN_IMAGE,
            marker,
          ];
    await swarm(this.#cluster.manager(), "service", "create", ...flags, ...what);
  }

  async scale(replicas: number): Promise<void> {
    await swarm(this.#cluster.manager(), "service", "scale", "--detach", `${SERVICE}=${replicas}`);
  }

  /** Rolls out a change of the environment. */
  async update(): Promise<void> {
    const args = ["service", "update", "--detach", "--env-add", "RELEASE=2", SERVICE];
    await swarm(this.#cluster.manager(), ...args);
  }

  async remove(): Promise<void> {
    await swarm(this.#cluster.manager(), "service", "rm", SERVICE);
  }

  /** Tasks that are to run, as a manager sees them. */
  async wanted(filter: Readonly<Record<string, readonly string[]>> = {}): Promise<TaskJson[]> {
    const query = filters({ service: [SERVICE], "desired-state": ["running"], ...filter });
    return call<TaskJson[]>(this.#cluster.manager().socket, "GET", `/tasks?${query}`);
  }

  /**
   * Resolves when exactly `replicas` tasks are wanted, and all of them run, on nodes that are up.
   * @param onlyNew count only tasks of the service's newest version
   */
  async running(replicas: number, onlyNew = false): Promise<void> {
    const { modules } = this.#cluster;
    let before = "";
    await waitFor(
      `${replicas} tasks run`,
      async () => {
        const tasks = await this.wanted(onlyNew ? { "_up-to-date": ["true"] } : {});
        const nodes = await call<NodeJson[]>(this.#cluster.manager().socket, "GET", "/nodes");
        const up = new Set(nodes.filter((n) => n.Status.State === "ready").map((n) => n.ID));
        const running = tasks.filter(
          (task) => task.Status.State === "running" && up.has(task.NodeID ?? ""),
        );
        const text = `${running.length}/${replicas} running`;
        if (text !== before) modules.say(`  ${text}`);
        before = text;
        if (running.length === replicas && tasks.length === replicas) return true;
        const waiting = tasks.find((task) => task.Status.Err)?.Status.Err;
        throw new Error(`${text}${waiting ? ` (${waiting})` : ""}`);
      },
      CONVERGE_LIMIT_MS,
      modules,
    );
  }

  /** Resolves when the rolling update has ended well. */
  async updated(): Promise<void> {
    await waitFor(
      "the update is completed",
      async () => {
        const { UpdateStatus } = await call<ServiceJson>(
          this.#cluster.manager().socket,
          "GET",
          `/services/${SERVICE}`,
        );
        const state = UpdateStatus?.State ?? "not started";
        if (state === "completed") return true;
        throw new Error(`it is ${state}: ${UpdateStatus?.Message ?? ""}`);
      },
      CONVERGE_LIMIT_MS,
      this.#cluster.modules,
    );
  }

  /** What the replicas answer, by way of the addresses in their logs. */
  async answers(): Promise<readonly string[]> {
    const logs = await swarm(this.#cluster.manager(), "service", "logs", "--raw", SERVICE);
    const urls = [...logs.matchAll(/listens on (http:\/\/\S+)/g)].map((match) => match[1] ?? "");
    const answers: string[] = [];
    for (const url of urls) {
      try {
        answers.push((await (await fetch(url)).text()).trim());
      } catch {
        // The log also names tasks that have ended.
      }
    }
    return answers;
  }

  /** Resolves when no process of the service is left on this machine. */
  async gone(): Promise<void> {
    await waitFor(
      "no process of the service is left",
      async () => {
        const left = processesWith(this.#cluster.root, this.#cluster.nodes);
        if (left.length === 0) return true;
        throw new Error(`pids ${left.join(", ")} are left`);
      },
      CONVERGE_LIMIT_MS,
      this.#cluster.modules,
    );
  }
}

/** Processes with `marker` among their arguments that are not the demo's own nodes. */
function processesWith(marker: string, nodes: readonly DemoNode[]): readonly number[] {
  const own = new Set(nodes.map((node) => node.pid));
  return fs
    .readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && !own.has(pid))
    .filter((pid) => {
      try {
        const args = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return args.includes(marker);
      } catch {
        // It ended while we looked.
        return false;
      }
    });
}
