import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Clock } from "../lib/clock.ts";
import { call, type NodeJson } from "./api.ts";
import type { DemoOptions } from "./options.ts";
import { DemoNode, swarm } from "./swarm-node.ts";
import { waitFor } from "./wait.ts";

/** Longest that forming the cluster may take, milliseconds. */
const FORM_LIMIT_MS = 60_000;

export interface ClusterModules {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Several nodes on this machine, joined into one swarm. */
export class DemoCluster {
  readonly root: string;
  readonly managers: readonly DemoNode[];
  readonly workers: readonly DemoNode[];
  #modules: ClusterModules;

  constructor(options: DemoOptions, modules: ClusterModules) {
    this.#modules = modules;
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "skep-"));
    const make = (count: number, name: string): readonly DemoNode[] =>
      Array.from(
        { length: count },
        (_, i) => new DemoNode(this.root, `${name}${i + 1}`, options.runtime),
      );
    this.managers = make(options.managers, "manager");
    this.workers = make(options.workers, "worker");
  }

  get modules(): ClusterModules {
    return this.#modules;
  }

  /** Lets waits go on after the first signal aborted, for cleaning up. */
  follow(signal: AbortSignal): void {
    this.#modules = { ...this.#modules, signal };
  }

  get nodes(): readonly DemoNode[] {
    return [...this.managers, ...this.workers];
  }

  /** A manager whose process runs, other than `except`. */
  manager(except?: DemoNode): DemoNode {
    const found = this.managers.find((node) => node !== except && !node.ended && node.pid);
    if (!found) throw new Error("no manager is left");
    return found;
  }

  node(name: string): DemoNode {
    const found = this.nodes.find((node) => node.name === name);
    if (!found) throw new Error(`no node of the demo is called ${name}`);
    return found;
  }

  /** Starts every process, makes the first manager's swarm and joins the others by token. */
  async form(): Promise<void> {
    const { say } = this.modules;
    for (const node of this.nodes) node.start();
    await Promise.all(this.nodes.map((node) => this.answering(node)));
    const first = this.manager();
    say(`swarm init on ${first.name}`);
    await swarm(first, "init", "--listen-addr", "127.0.0.1:0", "--advertise-addr", "127.0.0.1");
    const info = await call<{ Swarm: { RemoteManagers: { Addr: string }[] } }>(
      first.socket,
      "GET",
      "/info",
    );
    const addr = info.Swarm.RemoteManagers[0]?.Addr ?? "";
    const { JoinTokens } = await call<{ JoinTokens: { Worker: string; Manager: string } }>(
      first.socket,
      "GET",
      "/swarm",
    );
    const join = async (node: DemoNode, token: string): Promise<void> => {
      say(`swarm join on ${node.name}`);
      const flags = ["--listen-addr", "127.0.0.1:0", "--advertise-addr", "127.0.0.1"];
      await swarm(node, "join", "--token", token, ...flags, addr);
    };
    await Promise.all([
      ...this.managers.slice(1).map((node) => join(node, JoinTokens.Manager)),
      ...this.workers.map((node) => join(node, JoinTokens.Worker)),
    ]);
    await this.allReady();
  }

  /** Resolves when the node's API answers. */
  async answering(node: DemoNode): Promise<void> {
    await waitFor(
      `${node.name} answers`,
      async () => {
        if (node.ended) throw new Error(`${node.ended}\n${node.logTail()}`);
        await call<unknown>(node.socket, "GET", "/info");
        return true;
      },
      FORM_LIMIT_MS,
      this.modules,
    );
  }

  /** Resolves when every node is Ready and every manager reachable. */
  async allReady(): Promise<void> {
    await waitFor(
      "all nodes are Ready",
      async () => {
        const nodes = await call<NodeJson[]>(this.manager().socket, "GET", "/nodes");
        const ready = nodes.filter((node) => node.Status.State === "ready");
        const managers = nodes.filter((node) => node.ManagerStatus?.Reachability === "reachable");
        const all = ready.length === this.nodes.length && managers.length === this.managers.length;
        if (!all) throw new Error(`${ready.length} of ${this.nodes.length} are Ready`);
        return true;
      },
      FORM_LIMIT_MS,
      this.modules,
    );
  }

  /** Stops every process and removes everything the demo made. */
  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop("SIGTERM")));
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
