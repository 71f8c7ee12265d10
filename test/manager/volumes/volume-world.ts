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
import { CsiController } from "../../../manager/volumes/csi-controller.ts";
import { runVolumes } from "../../../manager/volumes/volumes.ts";
import { make } from "../../../proto/codec.ts";
import { CsiPlugin } from "../../../proto/csi-plugin.ts";
import type { AssignmentsMessage, Task, TaskState, Volume } from "../../../proto/generated.ts";
import { Assignments } from "../../../worker/agent/assignments.ts";
import { CsiNode } from "../../../worker/volumes/csi-node.ts";
import type { NodeDriver } from "../../../worker/volumes/node-driver.ts";
import { NodeVolumes } from "../../../worker/volumes/node-volumes.ts";
import { FakeCsiPlugin } from "../../fakes/csi-plugin.ts";
import { CsiStorage, FAKE_DRIVER } from "../../fakes/csi-storage.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aTask } from "../../fakes/objects.ts";

/**
 * How the storage is reached: by the drivers themselves, or by plugins on sockets, one for the
 * manager and one for each node. Waits pass so many times faster.
 */
const SPEEDS = { driver: 100, plugin: 10 } as const;
export type Way = keyof typeof SPEEDS;

const { signal: never } = new AbortController();

function clockAt(speed: number): Clock {
  return {
    ...systemClock,
    after: (ms, fire) => systemClock.after(ms / speed, fire),
    monotonic: () => systemClock.monotonic() * speed,
  };
}

const NODES = ["n1", "n2"];

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
    const { store, random, clock, dir } = world;
    const assignments = new Assignments();
    const drivers = new Map([[FAKE_DRIVER, world.node(nodeId)]]);
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
  readonly clock: Clock;
  readonly store: Store;
  readonly storage = new CsiStorage();
  readonly dir: string;
  /** By whose they are: `controller` or a node's name; none where drivers do without. */
  readonly plugins = new Map<string, FakeCsiPlugin>();
  readonly #clients = new Map<string, CsiPlugin>();
  readonly #agents = new Map<string, Agent>();
  /** Restarts after deaths, one after another. */
  #restarts: Promise<void> = Promise.resolve();
  #leader = new Scope(never);

  private constructor(dir: string, way: Way) {
    this.dir = dir;
    this.clock = clockAt(SPEEDS[way]);
    this.store = new Store({ clock: this.clock, random: this.random });
    this.store.attach(new LocalRaft(this.store));
    this.storage.onDeath = (who) => {
      this.#restarts = this.#restarts.then(() => this.restart(who));
    };
    this.storage.onCrash = (who) => {
      const plugin = this.plugins.get(who);
      plugin?.crash();
      this.#restarts = this.#restarts.then(() => plugin?.start());
    };
  }

  static async open(way: Way = "driver"): Promise<VolumeWorld> {
    const world = new VolumeWorld(await mkdtemp(join(tmpdir(), "skep-volumes-")), way);
    if (way === "plugin") await world.#openPlugins();
    await world.store.update((tx) => {
      for (const id of NODES) {
        const csiInfo = [make("CsiNodeInfo", { pluginName: FAKE_DRIVER, nodeId: `csi-${id}` })];
        const node = aNode(id);
        const description = make("NodeDescription", { ...node.description, csiInfo });
        tx.create("node", { ...node, description });
      }
    });
    world.#lead();
    for (const id of NODES) world.#agents.set(id, new Agent(id, world));
    return world;
  }

  /** The way to the storage from a node. */
  node(nodeId: string): NodeDriver {
    const client = this.#clients.get(nodeId);
    return client ? new CsiNode(client) : this.storage.node(nodeId);
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
    for (const client of this.#clients.values()) client.close();
    for (const plugin of this.plugins.values()) plugin.crash();
    await rm(this.dir, { recursive: true });
  }

  async #openPlugins(): Promise<void> {
    for (const who of ["controller", ...NODES]) {
      const backend = { controller: this.storage.controller(), node: this.storage.node(who) };
      const plugin = await FakeCsiPlugin.open(join(this.dir, `${who}.sock`), backend);
      this.plugins.set(who, plugin);
      const options = { name: FAKE_DRIVER, endpoint: plugin.endpoint };
      this.#clients.set(who, new CsiPlugin(options, this.clock));
    }
  }

  #lead(): void {
    const client = this.#clients.get("controller");
    const driver = client ? new CsiController(client) : this.storage.controller();
    const drivers = new Map([[FAKE_DRIVER, driver]]);
    const { store, random, clock } = this;
    const modules = { store, clock, random, log: silentLog, drivers };
    this.#leader.run((signal) => runVolumes(modules, signal));
    this.#leader.run((signal) => runConstraintEnforcer(modules, signal));
  }
}
