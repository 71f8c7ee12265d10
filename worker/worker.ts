import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrnoException } from "../lib/errno.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { Scope } from "../lib/scope.ts";
import type { Caller } from "../proto/call.ts";
import { make } from "../proto/codec.ts";
import type {
  GenericResource,
  NodeDescription,
  NodeTlsInfo,
  Secret,
  SessionMessage,
  VolumeAssignment,
} from "../proto/generated.ts";
import { runAgent } from "./agent/agent.ts";
import { Assignments } from "./agent/assignments.ts";
import { ManagerList } from "./agent/managers.ts";
import { Reporter } from "./agent/reporter.ts";
import type { AgentConnection } from "./agent/session.ts";
import { TaskSet } from "./agent/task-set.ts";
import { openTaskStore, type TaskStore } from "./agent/task-store.ts";
import { readCdi } from "./runtime/cdi.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { CsiInfo } from "./volumes/csi-info.ts";
import type { NodeDrivers } from "./volumes/node-driver.ts";
import { NodeVolumes } from "./volumes/node-volumes.ts";

export interface WorkerOptions {
  /** A private directory of the worker's own; made if missing. */
  readonly dir: string;
  /** Who this node is, as its certificate says. */
  readonly caller: Caller;
  readonly hostname: string;
  /** Engine labels given to swarmd; they win over the engine's own. */
  readonly labels: Readonly<Record<string, string>>;
  /** Generic resources that the operator declares; on top of the engine's own. */
  readonly genericResources: readonly GenericResource[];
  /** Devices that tasks may ask for, beside those that CDI specifications describe. */
  readonly devices: readonly string[];
  /** Where CDI specifications lie. */
  readonly cdiDirs: readonly string[];
  /** Version shown as the engine's where no engine takes part. */
  readonly version: string;
  /** Control addresses to begin with; those remembered from earlier sessions come on top. */
  readonly managers: readonly string[];
}

export interface WorkerModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What runs the tasks; stays the caller's to close, after the worker has ended. */
  readonly runtime: Runtime;
  /** Opens a connection to the manager at `addr` with the node's current credentials. */
  readonly connect: (addr: string) => AgentConnection;
  /** What the node trusts now, for its description. */
  readonly tlsInfo: () => NodeTlsInfo | null;
  /** Told when that has changed; returns the unsubscriber. @default never told */
  readonly onTlsUpdate?: (listener: () => void) => () => void;
  /** CSI drivers of the node, for cluster volumes. @default none */
  readonly csi?: NodeDrivers;
  /** Told of every session message: managers, the node's object, keys, trusted roots. */
  readonly onSession: (message: SessionMessage) => void;
}

const NO_DRIVERS: NodeDrivers = new Map();

const MANAGERS_FILE = "managers.json";

/** The worker's half of a node: keeps it registered and runs what is assigned to it. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #modules: WorkerModules;
  readonly #store: TaskStore;
  readonly #csiInfo: CsiInfo;
  /** What the last run left published. */
  #volumesLeft: readonly VolumeAssignment[] = [];

  constructor(options: WorkerOptions, modules: WorkerModules, store: TaskStore) {
    this.#options = options;
    this.#modules = modules;
    this.#store = store;
    this.#csiInfo = new CsiInfo({ ...modules, drivers: modules.csi ?? NO_DRIVERS });
  }

  /**
   * Takes up the tasks of an earlier run and serves the managers until `signal` aborts. Tasks go on
   * running after that. Throws only what the node cannot live with.
   */
  async run(signal: AbortSignal): Promise<void> {
    const scope = new Scope(signal);
    const assignments = new Assignments();
    const reporter = new Reporter(this.#modules.clock);
    const { dir, caller } = this.#options;
    const { log } = this.#modules;
    const volumes = this.#volumes(assignments, scope.signal);
    const parts = { ...this.#modules, assignments, reporter, volumes, store: this.#store };
    const tasks = new TaskSet(parts, scope.signal);
    await tasks.open();
    scope.run(() => tasks.run());
    const managers = new ManagerList(this.#knownManagers());
    const describe = (inner: AbortSignal): Promise<NodeDescription> => this.#describe(inner);
    const onManagers = (addrs: readonly string[]): void => {
      try {
        saveManagers(dir, addrs);
      } catch (error) {
        // Only the next start goes by it.
        log.error({ err: error }, "the list of managers could not be written");
      }
    };
    const onTlsUpdate = this.#modules.onTlsUpdate ?? (() => () => {});
    const modules = { ...parts, tasks, managers, describe, onTlsUpdate, onManagers };
    scope.run((inner) => runAgent({ caller }, modules, inner));
    try {
      await scope.join();
    } finally {
      await volumes.close();
      this.#volumesLeft = volumes.all;
    }
    signal.throwIfAborted();
  }

  /** Removes every task of this node and all that is left of them; for a node that leaves. */
  async clear(signal: AbortSignal): Promise<void> {
    const assignments = new Assignments();
    const volumes = this.#volumes(assignments, signal);
    const parts = { ...this.#modules, assignments, volumes, store: this.#store };
    const tasks = new TaskSet({ ...parts, reporter: new Reporter(this.#modules.clock) }, signal);
    await tasks.open();
    await tasks.clear();
    await volumes.takeDown(this.#volumesLeft, signal);
    await volumes.close();
  }

  /** Lets go of the store. Call it after `run` and `clear` have ended. */
  close(): Promise<void> {
    return this.#store.close();
  }

  #volumes(assignments: Assignments, signal: AbortSignal): NodeVolumes {
    const { csi: drivers = NO_DRIVERS, ...modules } = this.#modules;
    const secret = (id: string): Secret | undefined => assignments.secret(id);
    const dir = join(this.#options.dir, "volumes");
    return new NodeVolumes(dir, { ...modules, drivers, secret }, signal);
  }

  #knownManagers(): readonly string[] {
    const { dir, managers } = this.#options;
    return [...new Set([...managers, ...loadManagers(dir, this.#modules.log)])];
  }

  async #describe(signal: AbortSignal): Promise<NodeDescription> {
    const { hostname, labels, version, genericResources, devices, cdiDirs } = this.#options;
    const found = await this.#modules.runtime.describe(signal);
    const csiInfo = await this.#csiInfo.describe(signal);
    return make("NodeDescription", {
      hostname,
      platform: { architecture: found.architecture, os: found.os },
      resources: {
        ...found.resources,
        generic: [...found.resources.generic, ...genericResources],
      },
      devices: [...new Set([...devices, ...readCdi(cdiDirs).keys()])].toSorted(),
      engine: make("EngineDescription", {
        engineVersion: found.engineVersion || version,
        labels: { ...found.labels, ...labels },
        plugins: found.plugins,
      }),
      tlsInfo: this.#modules.tlsInfo(),
      csiInfo,
      runtimes: found.runtimes,
    });
  }
}

/** The managers of earlier sessions; none where a loss of power left no whole list. */
function loadManagers(dir: string, log: Logger): readonly string[] {
  const file = join(dir, MANAGERS_FILE);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return [];
    if (!(error instanceof SyntaxError)) throw error;
    log.warn({ file, err: error }, "the list of managers is damaged: it starts anew");
    return [];
  }
}

function saveManagers(dir: string, addrs: readonly string[]): void {
  const path = join(dir, MANAGERS_FILE);
  writeFileSync(`${path}.new`, JSON.stringify(addrs), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** Opens the worker's store; {@link Worker.run} does the rest. */
export async function openWorker(options: WorkerOptions, modules: WorkerModules): Promise<Worker> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const store = await openTaskStore(join(options.dir, "tasks"), modules.log);
  return new Worker(options, modules, store);
}
