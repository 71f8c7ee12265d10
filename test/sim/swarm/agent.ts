import { isSwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import { Scope } from "../../../lib/scope.ts";
import { make } from "../../../proto/codec.ts";
import type { NodeDescription, Resources, Task, TaskStatus } from "../../../proto/generated.ts";
import { runAgent } from "../../../worker/agent/agent.ts";
import { Assignments } from "../../../worker/agent/assignments.ts";
import { ManagerList } from "../../../worker/agent/managers.ts";
import { Reporter } from "../../../worker/agent/reporter.ts";
import { NodeVolumes } from "../../../worker/volumes/node-volumes.ts";
import { TaskSet } from "../../../worker/agent/task-set.ts";
import type { StoredTask, TaskChange, TaskStore } from "../../../worker/agent/task-store.ts";
import { Lane, SimClock, type Process } from "../raft/lane.ts";
import type { Scheduler } from "../scheduler.ts";
import { Programs, SimRuntime, type MachineWorld } from "./machine.ts";
import type { Server, Wire } from "./wire.ts";

/** Time of a synced write of the task store, µs. */
const STORE_MAX_US = 3_000;

/** What all workers of a run share. */
export interface WorkerWorld extends MachineWorld {
  readonly wire: Wire;
  readonly log: Logger;
  /** Who serves the control address; undefined while nobody does. */
  readonly manager: (addr: string) => Server | undefined;
  readonly epochMs: number;
  readonly clusterId: string;
  readonly onViolation: (error: unknown) => void;
}

/** A machine that runs tasks: its programs, what its disk remembers, and its agent now and then. */
export class SimWorker {
  readonly name: string;
  readonly programs: Programs;
  readonly clock: SimClock;
  readonly disk = new TaskDisk();
  readonly #world: WorkerWorld;
  readonly #random: SeededRandom;
  #life: AgentLife | undefined;
  #lives = 0;
  #managers: readonly string[];
  /** Told that it was removed from the cluster: it does not come back under this name. */
  removed = false;
  /** The machine is lost for good. */
  lost = false;

  constructor(
    {
      name,
      resources,
      managers,
    }: {
      readonly name: string;
      readonly resources: Resources;
      readonly managers: readonly string[];
    },
    random: SeededRandom,
    world: WorkerWorld,
  ) {
    this.name = name;
    this.#random = random;
    this.#world = world;
    this.#managers = managers;
    this.programs = new Programs(name, resources, random.split("programs"), world);
    this.clock = new SimClock(world.scheduler, random.int(1_000_000), world.epochMs);
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  start(): void {
    if (this.#life || this.removed || this.lost) return;
    const random = this.#random.split(`life ${++this.#lives}`);
    const life = new AgentLife(this, this.#managers, random, this.#world);
    this.#life = life;
    life.lane.guard(
      life.run((addrs) => {
        this.#managers = addrs;
      }),
    );
  }

  /** The agent ends without a word. Its tasks go on, unless the whole machine is restarted. */
  crash(reboot: boolean): void {
    const life = this.#life;
    this.#life = undefined;
    if (life) {
      life.alive = false;
      this.#world.wire.ended(life.lane);
    }
    if (reboot) this.programs.reboot();
  }

  /** The agent does nothing before `until`, µs. */
  pause(until: number): void {
    const { lane } = this.#life ?? {};
    if (!lane) return;
    lane.stop(until);
    this.#world.wire.paused(lane, until);
  }

  resume(): void {
    this.#life?.lane.resume();
  }
}

/** One life of an agent: the real one, over a simulated runtime, disk and network. */
class AgentLife implements Process {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly lane: Lane;
  alive = true;
  readonly #worker: SimWorker;
  readonly #managers: readonly string[];
  readonly #random: SeededRandom;
  readonly #world: WorkerWorld;

  constructor(
    worker: SimWorker,
    managers: readonly string[],
    random: SeededRandom,
    world: WorkerWorld,
  ) {
    this.name = worker.name;
    this.scheduler = world.scheduler;
    this.lane = new Lane(this, "");
    this.#worker = worker;
    this.#managers = managers;
    this.#random = random;
    this.#world = world;
  }

  fail(error: unknown): void {
    if (!this.alive) return;
    if (isSwarmError(error, "unauthenticated")) {
      this.#worker.removed = true;
      this.#worker.crash(true);
    } else this.#world.onViolation(error);
  }

  /** What `Worker.run` does with a disk. */
  async run(onManagers: (addrs: readonly string[]) => void): Promise<void> {
    const { wire, log, manager, clusterId } = this.#world;
    const { lane } = this;
    const { signal } = new AbortController();
    const clock = this.#worker.clock.on(lane);
    const scope = new Scope(signal);
    const assignments = new Assignments();
    const reporter = new Reporter(clock);
    const runtime = new SimRuntime(this.#worker.programs, clock);
    const store = this.#worker.disk.open(lane, this.#random.split("disk"));
    const random = this.#random.split("agent");
    const drivers = new Map();
    const csi = { clock, random, log, drivers, secret: () => undefined };
    const volumes = new NodeVolumes("", csi, scope.signal);
    const parts = { clock, random, log, runtime, store, reporter, assignments, volumes };
    const tasks = new TaskSet(parts, scope.signal);
    await tasks.open();
    scope.run(() => tasks.run());
    const modules = {
      ...parts,
      tasks,
      managers: new ManagerList(this.#managers),
      describe: () => this.#describe(),
      onTlsUpdate: () => () => {},
      onManagers,
      onSession: () => {},
      connect: (addr: string) => wire.connect(this, () => manager(addr)),
    };
    const caller = { nodeId: this.name, role: "worker", clusterId, addr: "10.0.0.9" } as const;
    scope.run((inner) => runAgent({ caller }, modules, inner));
    await scope.join();
  }

  #describe(): Promise<NodeDescription> {
    return Promise.resolve(
      make("NodeDescription", {
        hostname: this.name,
        platform: { architecture: "x86_64", os: "linux" },
        resources: this.#worker.programs.resources,
        engine: make("EngineDescription", { engineVersion: "1" }),
        runtimes: ["docker"],
      }),
    );
  }
}

/** What is left of an agent's task store when its process ends. */
class TaskDisk {
  readonly #tasks = new Map<string, Task>();
  readonly #statuses = new Map<string, TaskStatus>();
  readonly #unassigned = new Set<string>();

  /** The store as one life sees it: a write that is under way when it ends is lost. */
  open(lane: Lane, random: SeededRandom): TaskStore {
    let written: Promise<void> = Promise.resolve();
    return {
      load: () => Promise.resolve(this.#load()),
      save: (changes) => {
        written = written
          .then(() => lane.sleep(random.int(STORE_MAX_US), "task store"))
          .then(() => changes.forEach((change) => this.#apply(change)));
        return written;
      },
      close: () => Promise.resolve(),
    };
  }

  #load(): Awaited<ReturnType<TaskStore["load"]>> {
    const assigned: StoredTask[] = [];
    for (const [id, task] of this.#tasks) {
      const status = this.#statuses.get(id) ?? task.status ?? make("TaskStatus");
      if (!this.#unassigned.has(id)) assigned.push({ task, status });
    }
    return { assigned, unassigned: [...this.#unassigned] };
  }

  #apply(change: TaskChange): void {
    if (change.kind === "task") this.#tasks.set(change.task.id, change.task);
    else if (change.kind === "status") this.#statuses.set(change.taskId, change.status);
    else if (change.kind === "unassigned") this.#unassigned.add(change.taskId);
    else {
      this.#tasks.delete(change.taskId);
      this.#statuses.delete(change.taskId);
      this.#unassigned.delete(change.taskId);
    }
  }
}
