import { every } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import type { Modules } from "../../../manager/orchestrator/modules.ts";
import { runController } from "../../../manager/store/controller.ts";
import { Store } from "../../../manager/store/store.ts";
import {
  NodeState,
  TaskState,
  type Node,
  type NodeAvailability,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode } from "../../fakes/objects.ts";
import { ScriptedAgents, type Fate } from "../../fakes/scripted-agents.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

/** A loop under test: `runReplicated` and its like. */
export type Loop = (modules: Modules, signal: AbortSignal) => Promise<void>;

export interface HarnessOptions {
  readonly loops: readonly Loop[];
  readonly nodes?: number;
  readonly fate?: (task: Task) => Fate;
  /** How often proposals are committed, so that transactions race; 0 = each at once. */
  readonly commitEveryMs?: number;
}

/** One manager's store in virtual time, with controllers under test and scripted agents. */
export class Harness {
  readonly clock = new SimClock();
  readonly random = new SeededRandom("orchestrator");
  readonly store = new Store({ clock: this.clock, random: this.random });
  readonly raft = new LocalRaft(this.store);
  readonly agents: ScriptedAgents;
  readonly #loops: readonly Loop[];
  #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor({ loops, fate }: HarnessOptions) {
    this.store.attach(this.raft);
    this.agents = new ScriptedAgents(this, fate);
    this.#loops = loops;
  }

  static async open(options: HarnessOptions): Promise<Harness> {
    const harness = new Harness(options);
    const ids = Array.from({ length: options.nodes ?? 3 }, (_, at) => `node${at + 1}`);
    await harness.store.update((tx) => ids.forEach((id) => tx.create("node", aNode(id))));
    harness.start();
    if (options.commitEveryMs) harness.#commitEvery(options.commitEveryMs);
    return harness;
  }

  #commitEvery(ms: number): void {
    this.raft.hold();
    every(this.clock, ms, () => {
      this.raft.release();
      this.raft.hold();
    });
  }

  /** Starts the loops anew, as a manager that has just become leader. */
  start(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const modules = { store: this.store, clock: this.clock, random: this.random, log: silentLog };
    this.#running = Promise.all([
      runController(this.agents, this, signal),
      ...this.#loops.map((loop) => loop(modules, signal)),
    ]);
  }

  /** Ends the loops; an error of theirs is thrown here. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async add(...services: readonly Service[]): Promise<void> {
    await this.store.update((tx) => services.forEach((s) => tx.create("service", s)));
  }

  service(id: string): Service {
    const service = this.store.view.service.get(id);
    if (!service) throw new Error(`no service ${id}`);
    return service;
  }

  /** Changes a service as `change` says, without a new spec version. */
  async change(id: string, change: (service: Service) => Service): Promise<void> {
    await this.store.update((tx) => tx.update("service", change(this.service(id))));
  }

  /** Gives a service a new spec, as the control API does it. */
  async respec(
    id: string,
    change: (spec: NonNullable<Service["spec"]>) => Service["spec"],
  ): Promise<void> {
    await this.change(id, (service) => ({
      ...service,
      spec: service.spec && change(service.spec),
      specVersion: service.meta?.version ?? null,
      previousSpec: service.spec,
      previousSpecVersion: service.specVersion,
      updateStatus: null,
    }));
  }

  /** A new image for every task of the service. */
  async newImage(id: string, image: string): Promise<void> {
    await this.respec(id, (spec) => {
      const { task } = spec;
      if (task?.runtime !== "container") throw new Error("a container service");
      return { ...spec, task: { ...task, container: { ...task.container, image } } };
    });
  }

  async changeNode(id: string, change: (node: Node) => Node): Promise<void> {
    await this.store.update((tx) => {
      const node = tx.view.node.get(id);
      if (node) tx.update("node", change(node));
    });
  }

  async setNodeState(id: string, state: NodeState): Promise<void> {
    await this.changeNode(id, (node) => ({
      ...node,
      status: node.status && { ...node.status, state },
    }));
  }

  async setAvailability(id: string, availability: NodeAvailability): Promise<void> {
    await this.changeNode(id, (node) => ({
      ...node,
      spec: node.spec && { ...node.spec, availability },
    }));
  }

  tasks(serviceId: string): readonly Task[] {
    return [...this.store.view.task.by("service", serviceId)];
  }

  /** Tasks meant to run that do. */
  running(serviceId: string): readonly Task[] {
    return this.tasks(serviceId).filter(
      (t) => t.status?.state === TaskState.RUNNING && t.desiredState === TaskState.RUNNING,
    );
  }

  /** Runs virtual time until exactly `count` tasks run and no other task may. */
  converged(serviceId: string, count: number, limitMs = 60_000): Promise<number> {
    return this.clock.until(() => {
      const alive = this.tasks(serviceId).filter(
        (t) =>
          (t.status?.state ?? 0) <= TaskState.RUNNING &&
          (t.desiredState <= TaskState.RUNNING || (t.status?.state ?? 0) >= TaskState.ASSIGNED) &&
          this.store.view.node.get(t.nodeId)?.status?.state !== NodeState.DOWN,
      );
      return alive.length === count && this.running(serviceId).length === count;
    }, limitMs);
  }
}
