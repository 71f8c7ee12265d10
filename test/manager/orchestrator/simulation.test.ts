import assert from "node:assert/strict";
import { ORCHESTRATORS } from "../../../manager/orchestrator/orchestrators.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  TaskState,
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  UpdateStatusState,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const SEEDS = 12;
const STEPS = 60;
/** From the end of all faults until everything is as it was asked for. */
const CONVERGENCE_MS = 30 * 60_000;

const NODES = ["node1", "node2", "node3", "node4"];
/** Replicated services, a global one and a job. */
const NAMES = ["web", "api", "db", "agent", "batch"];
const JOB = { maxConcurrent: 2, totalCompletions: 5 };
const UPDATING: readonly UpdateStatusState[] = [
  UpdateStatusState.UPDATING,
  UpdateStatusState.ROLLBACK_STARTED,
];

/** Whether the task takes over from one that is moved, and does not run yet. */
function isMoveStarting({ origin, desiredState, status }: Task): boolean {
  const state = status?.state ?? TaskState.NEW;
  return !!origin?.movedTaskId && desiredState <= TaskState.RUNNING && state < TaskState.RUNNING;
}

/** A cluster under random traffic and faults from one seed, watched at every commit. */
class Simulation {
  readonly random: SeededRandom;
  readonly #seed: number;
  cluster!: Harness;
  #faults = true;
  /** How many more tasks than one the next move is of. */
  #count = 0;
  /** Tasks that a node still had when it was lost: nobody can say whether they run. */
  readonly #lost = new Set<string>();

  constructor(seed: number) {
    this.#seed = seed;
    this.random = new SeededRandom(`orchestrator/${seed}`);
  }

  async run(): Promise<void> {
    this.cluster = await Harness.open({
      loops: Object.values(ORCHESTRATORS),
      nodes: NODES.length,
      commitEveryMs: this.#seed % 2 === 0 ? 0 : 7,
      fate: (task) => this.#fate(task),
    });
    this.cluster.store.onCommit(() => this.#check());
    for (let step = 0; step < STEPS; step++) {
      const done = this.#step();
      await this.cluster.clock.advance(this.random.int(20_000));
      await this.#settled(done);
    }
    await this.#settled(this.#heal());
    await this.cluster.clock
      .until(() => this.#converged(), CONVERGENCE_MS)
      .catch((error: unknown) => {
        throw new Error(this.#describe(), { cause: error });
      });
    await this.#settled(this.cluster.stop());
  }

  /** Lets time pass until `done`: with commits at intervals nothing is written otherwise. */
  async #settled(done: Promise<void>): Promise<void> {
    let over = false;
    const end = done.finally(() => (over = true));
    await this.cluster.clock.until(() => over, CONVERGENCE_MS);
    await end;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.random.int(items.length)] as T;
  }

  #fate(task: Task): Fate {
    const image = task.spec?.runtime === "container" ? task.spec.container.image : "";
    const [, end = ""] = image.split("-");
    // From the ids, so that the answer is the same each time.
    const chance = parseInt(task.id.slice(0, 4), 36) % 100;
    const slow = { prepareMs: (chance % 7) * 300, stopMs: (chance % 5) * 1_000 };
    const work = { ...slow, ends: { state: TaskState.COMPLETE, afterMs: 5_000 } };
    if (!this.#faults) return task.serviceId === "batch" ? work : slow;
    if (end === "bad") return { ...slow, ends: { state: TaskState.FAILED, afterMs: chance * 20 } };
    if (end === "stuck" && chance < 50) return { stuckAt: TaskState.PENDING };
    if (chance < 5) return { ...slow, ends: { state: TaskState.REJECTED, afterMs: chance } };
    if (chance < 10) return { ...slow, ends: { state: TaskState.COMPLETE, afterMs: 15_000 } };
    return task.serviceId === "batch" ? work : slow;
  }

  #service(name: string): Service {
    const order = this.#pick([UpdateConfigOrder.STOP_FIRST, UpdateConfigOrder.START_FIRST]);
    const update = make("UpdateConfig", {
      parallelism: this.random.int(4),
      delayNs: this.random.int(3) * 2e9,
      failureAction: this.#pick(Object.values(UpdateConfigFailureAction)),
      maxFailureRatio: this.#pick([0, 0.3]),
      order,
    });
    if (name === "agent") return aService(name, { spec: { update, mode: "global", global: {} } });
    if (name !== "batch")
      return aService(name, { replicas: this.random.int(8), spec: { update, rollback: update } });
    const job = aService(name, { spec: { mode: "replicatedJob", replicatedJob: JOB } });
    return { ...job, jobStatus: make("JobStatus", { jobIteration: { index: 0 } }) };
  }

  /** Changes a service as the control API would: a job runs anew, others are scaled. */
  #respec(name: string): Promise<void> {
    const { cluster } = this;
    if (name === "agent") return Promise.resolve();
    if (name !== "batch") {
      const replicated = { replicas: this.random.int(10) };
      return cluster.respec(name, (spec) => ({ ...spec, mode: "replicated", replicated }));
    }
    return cluster.change(name, (service) => {
      const index = (service.jobStatus?.jobIteration?.index ?? 0) + 1;
      return { ...service, jobStatus: make("JobStatus", { jobIteration: { index } }) };
    });
  }

  async #step(): Promise<void> {
    const { cluster } = this;
    const name = this.#pick(NAMES);
    const node = this.#pick(NODES);
    const service = cluster.store.view.service.get(name);
    if (!service) return cluster.add(this.#service(name));
    switch (this.random.int(9)) {
      case 0:
        return this.#respec(name);
      case 1:
      case 2: {
        const image = `${this.random.int(1e6)}-${this.#pick(["good", "good", "bad", "stuck"])}`;
        await cluster.newImage(name, image);
        return name === "batch" ? this.#respec(name) : undefined;
      }
      case 3: {
        for (const task of cluster.store.view.task.by("node", node)) this.#lost.add(task.id);
        return cluster.setNodeState(node, NodeState.DOWN);
      }
      case 4:
        return cluster.setNodeState(node, NodeState.READY);
      case 5:
        return cluster.setAvailability(node, this.#pick(Object.values(NodeAvailability)));
      case 6:
        await cluster.stop();
        return cluster.start();
      case 7:
        return this.#move(name, node);
      default:
        if (this.random.int(4) > 0) return;
        await cluster.store.update((tx) => tx.remove("service", service));
    }
  }

  /** Asks for some of a service's tasks on another node, as a rebalance does. */
  async #move(name: string, nodeId: string): Promise<void> {
    const { cluster } = this;
    if (cluster.service(name).spec?.mode !== "replicated") return;
    const chosen = cluster.running(name).filter((task) => task.nodeId !== nodeId);
    await cluster.store.update((tx) => {
      for (const { id } of chosen.slice(0, 1 + this.#count)) {
        const task = tx.view.task.get(id);
        const requestedAtMs = cluster.clock.now();
        const move = make("TaskMove", { nodeId, requestedAtMs });
        if (task) tx.update("task", { ...task, move });
      }
    });
    this.#count = (this.#count + 1) % 3;
  }

  async #heal(): Promise<void> {
    this.#faults = false;
    for (const id of NODES) {
      await this.cluster.setNodeState(id, NodeState.READY);
      await this.cluster.setAvailability(id, NodeAvailability.ACTIVE);
    }
    await this.cluster.stop();
    this.cluster.start();
  }

  #check(): void {
    const running = new Map<string, number>();
    const wanted = new Map<string, number>();
    const moved = new Set<string>();
    const starting = new Map<string, number>();
    const { view } = this.cluster.store;
    for (const task of view.task.all()) {
      const key = slotKey(task);
      if (task.origin?.movedTaskId) moved.add(key);
      if (isMoveStarting(task))
        starting.set(task.serviceId, (starting.get(task.serviceId) ?? 0) + 1);
      if (task.desiredState <= TaskState.RUNNING) wanted.set(key, (wanted.get(key) ?? 0) + 1);
      if (task.status?.state !== TaskState.RUNNING || this.#lost.has(task.id)) continue;
      running.set(key, (running.get(key) ?? 0) + 1);
    }
    const active = this.cluster
      .tasks("batch")
      .filter((t) => t.desiredState === TaskState.COMPLETE)
      .filter((t) => (t.status?.state ?? 0) <= TaskState.RUNNING);
    assert(active.length <= JOB.maxConcurrent, `${active.length} tasks of the job at a time`);
    for (const [id, count] of starting) {
      const most = view.service.get(id)?.spec?.update?.parallelism || Infinity;
      assert(count <= most, `${count} tasks of ${id} move at a time`);
    }
    for (const [key, count] of wanted) assert(count <= 2, `${count} tasks wanted in ${key}`);
    for (const [key, count] of running) {
      // A move starts first whatever updates do.
      if (moved.has(key)) continue;
      const order = view.service.get(key.split("/")[0] ?? "")?.spec?.update?.order;
      const allowed = order === UpdateConfigOrder.STOP_FIRST ? 1 : 2;
      assert(count <= allowed, `${count} tasks run in ${key}`);
    }
  }

  #completed({ id, jobStatus }: Service): boolean {
    const done = this.cluster
      .tasks(id)
      .filter((task) => task.jobIteration?.index === jobStatus?.jobIteration?.index)
      .filter((task) => task.status?.state === TaskState.COMPLETE);
    assert(done.length <= JOB.totalCompletions, `${done.length} completions`);
    return done.length === JOB.totalCompletions;
  }

  /** What is left to do, for the message of a failed run. */
  #describe(): string {
    const { view } = this.cluster.store;
    const lines: string[] = [];
    for (const { id, spec, updateStatus } of view.service.all()) {
      const replicas = spec?.mode === "replicated" ? spec.replicated.replicas : 0;
      lines.push(
        `${id}: ${replicas} replicas, update ${updateStatus?.state} ${updateStatus?.message}`,
      );
    }
    for (const task of view.task.all()) {
      const { serviceId, slot, nodeId, desiredState, status, origin } = task;
      if (desiredState > TaskState.COMPLETE && (status?.state ?? 0) > TaskState.RUNNING) continue;
      const states = `desired ${desiredState}, is ${status?.state}`;
      lines.push(`  ${serviceId}.${slot} on ${nodeId}: ${states}, ${JSON.stringify(origin)}`);
    }
    return lines.join("\n");
  }

  #converged(): boolean {
    const { view } = this.cluster.store;
    for (const task of view.task.all()) if (!view.service.get(task.serviceId)) return false;
    for (const service of view.service.all()) {
      if (UPDATING.includes(service.updateStatus?.state ?? UpdateStatusState.UNKNOWN)) return false;
      const { spec } = service;
      if (spec?.mode === "replicatedJob") {
        if (!this.#completed(service)) return false;
        continue;
      }
      const replicas = spec?.mode === "replicated" ? spec.replicated.replicas : NODES.length;
      const slots = new Set(this.cluster.running(service.id).map(slotKey));
      const alive = [...view.task.by("service", service.id)].filter(({ status }) => {
        const state = status?.state ?? TaskState.NEW;
        return state >= TaskState.ASSIGNED && state <= TaskState.RUNNING;
      });
      if (slots.size !== replicas || alive.length !== replicas) return false;
    }
    return true;
  }
}

describe("orchestrator under random traffic, faults and changes of leader", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps its promises and converges (seed ${seed})`, () => new Simulation(seed).run());
  }
});
