import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled } from "../../../lib/abort.ts";
import { systemClock, type Clock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { Scope } from "../../../lib/scope.ts";
import { AssignmentSet } from "../../../manager/dispatcher/assignment-set.ts";
import { noteUnpublished } from "../../../manager/dispatcher/volume-assignments.ts";
import { runConstraintEnforcer } from "../../../manager/orchestrator/constraint-enforcer.ts";
import { Store } from "../../../manager/store/store.ts";
import { runVolumes } from "../../../manager/volumes/volumes.ts";
import { make } from "../../../proto/codec.ts";
import type { AssignmentsMessage, Task, TaskState, Volume } from "../../../proto/generated.ts";
import { Assignments } from "../../../worker/agent/assignments.ts";
import { NodeVolumes } from "../../../worker/volumes/node-volumes.ts";
import { CsiStorage, FAKE_DRIVER } from "../../fakes/csi-storage.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aTask } from "../../fakes/objects.ts";

/** Waits pass so much faster. */
const SPEED = 100;
const { signal: never } = new AbortController();
const clock: Clock = {
  ...systemClock,
  after: (ms, fire) => systemClock.after(ms / SPEED, fire),
  monotonic: () => systemClock.monotonic() * SPEED,
};

/** An agent's part: what the leader assigns goes to the node's volumes, what is down is reported. */
class Agent {
  readonly #world: VolumeWorld;
  readonly #nodeId: string;
  readonly #scope = new Scope(never);
  readonly #volumes: NodeVolumes;
  readonly #close: () => void;

  constructor(nodeId: string, world: VolumeWorld) {
    this.#nodeId = nodeId;
    this.#world = world;
    const { store, storage, random, dir } = world;
    const assignments = new Assignments();
    const drivers = new Map([[FAKE_DRIVER, storage.node(nodeId)]]);
    const modules = { clock, random, log: silentLog, drivers };
    const secret = (id: string) => assignments.secret(id);
    const { signal } = this.#scope;
    this.#volumes = new NodeVolumes(join(dir, nodeId), { ...modules, secret }, signal);
    const set = new AssignmentSet(nodeId);
    const take = (message: AssignmentsMessage | undefined): void => {
      if (message) this.#volumes.apply(assignments.apply(message).volumes);
    };
    take(set.complete(store.view));
    this.#close = store.onCommit(() => take(set.incremental(store.view)));
    this.#scope.run((inner) => this.#volumes.report((ids) => this.#report(ids), inner));
  }

  path(volumeId: string): string {
    return this.#volumes.path(volumeId);
  }

  async stop(): Promise<void> {
    this.#close();
    await this.#scope.close(cancelled("the agent ends"));
    await this.#volumes.close();
  }

  async #report(ids: readonly string[]): Promise<void> {
    await this.#world.store.update((tx) => noteUnpublished(tx, ids, this.#nodeId));
  }
}

/** A store with the leader's loop on volumes, and two nodes that have the driver. */
export class VolumeWorld {
  readonly random = new SeededRandom("volumes");
  readonly store = new Store({ clock, random: this.random });
  readonly storage = new CsiStorage();
  readonly dir: string;
  readonly #agents = new Map<string, Agent>();
  /** Restarts after deaths, one after another. */
  #restarts: Promise<void> = Promise.resolve();
  #leader = new Scope(never);

  private constructor(dir: string) {
    this.dir = dir;
    this.store.attach(new LocalRaft(this.store));
    this.storage.onDeath = (who) => {
      this.#restarts = this.#restarts.then(() => this.restart(who));
    };
  }

  static async open(): Promise<VolumeWorld> {
    const world = new VolumeWorld(await mkdtemp(join(tmpdir(), "skep-volumes-")));
    await world.store.update((tx) => {
      for (const id of ["n1", "n2"]) {
        const csiInfo = [make("CsiNodeInfo", { pluginName: FAKE_DRIVER, nodeId: `csi-${id}` })];
        const node = aNode(id);
        const description = make("NodeDescription", { ...node.description, csiInfo });
        tx.create("node", { ...node, description });
      }
    });
    world.#lead();
    for (const id of ["n1", "n2"]) world.#agents.set(id, new Agent(id, world));
    return world;
  }

  /** The next leader, or the agent's next run, begins where the last one was broken off. */
  async restart(who: string): Promise<void> {
    if (who === "controller") {
      await this.#leader.close(cancelled("leadership is lost"));
      this.#leader = new Scope(never);
      this.#lead();
      return;
    }
    await this.#agents.get(who)?.stop();
    this.#agents.set(who, new Agent(who, this));
  }

  /** Ends a node's agent for good, and with it all that it had mounted. */
  async unplug(nodeId: string): Promise<void> {
    await this.#agents.get(nodeId)?.stop();
    this.#agents.delete(nodeId);
    this.storage.dead.add(`csi-${nodeId}`);
  }

  /** Whether a task on the node would find the volume. */
  isPublished(nodeId: string): boolean {
    try {
      return this.#agents.get(nodeId)?.path("v1") !== undefined;
    } catch {
      return false;
    }
  }

  volume(): Volume | undefined {
    return this.store.view.volume.get("v1");
  }

  async change(fields: Partial<Volume>): Promise<void> {
    await this.store.update((tx) => {
      const volume = tx.view.volume.get("v1");
      if (volume) tx.update("volume", { ...volume, ...fields });
    });
  }

  /** A task on a node that has the volume. */
  async use(taskId: string, nodeId: string, state: TaskState): Promise<void> {
    const volumes = [{ id: "v1", source: "data", target: "/data" }];
    const status = make("TaskStatus", { state });
    await this.store.update((tx) => {
      tx.create("task", aTask(taskId, null, { nodeId, volumes, status }));
    });
  }

  async end(taskId: string, state: TaskState): Promise<void> {
    await this.store.update((tx) => {
      const task: Task | undefined = tx.view.task.get(taskId);
      if (task) tx.update("task", { ...task, status: make("TaskStatus", { state }) });
    });
  }

  async close(): Promise<void> {
    await this.#restarts;
    for (const agent of this.#agents.values()) await agent.stop();
    await this.#leader.close();
    await rm(this.dir, { recursive: true });
  }

  #lead(): void {
    const drivers = new Map([[FAKE_DRIVER, this.storage.controller()]]);
    const { store, random } = this;
    const modules = { store, clock, random, log: silentLog, drivers };
    this.#leader.run((signal) => runVolumes(modules, signal));
    this.#leader.run((signal) => runConstraintEnforcer(modules, signal));
  }
}
