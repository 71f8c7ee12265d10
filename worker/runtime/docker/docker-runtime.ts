import { availableParallelism } from "node:os";
import type Docker from "dockerode";
import { cancelled, linked } from "../../../lib/abort.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import { Scope } from "../../../lib/scope.ts";
import type { Task } from "../../../proto/generated.ts";
import { Limit } from "../limit.ts";
import { NetworkDialer } from "../network-dialer.ts";
import { PayloadDir } from "../payload-dir.ts";
import type { Runtime, RuntimeDescription, TaskController, TaskFiles } from "../runtime.ts";
import { taskScope, type NodeScope } from "../task-scope.ts";
import { NODE_ID_LABEL, TASK_ID_LABEL } from "./container-config.ts";
import { DockerController, type DockerModules } from "./docker-controller.ts";
import { describeEngine } from "./describe-engine.ts";
import { engineCall } from "./engine-error.ts";
import { EngineEvents } from "./engine-events.ts";
import { EnginePresence } from "./engine-presence.ts";
import { ImageBook } from "./images/image-book.ts";
import type { CollectionRules } from "./images/collection.ts";
import { engineDiskUse, runImageCollector } from "./images/image-collector.ts";
import { Images, type ImagesOptions } from "./images/images.ts";
import { Stops } from "./stops.ts";

/**
 * Containers created at a time for each CPU. A creation mostly waits for the disk: it goes on beside
 * the starts of those that were created before.
 */
const CREATIONS_PER_CPU = 1;
/**
 * Containers started at a time for each CPU. A start costs an engine 250 ms of CPU time, and waits
 * for the kernel's one lock of networks and for the engine's own. On two CPUs with nothing else to do
 * ten took 1.7 s two or four at a time and 1.5 s six, fifty 9.2, 8.7 and 8.0 s; eight and twelve at a
 * time gained nothing more.
 */
const STARTS_PER_CPU = 3;
/** Containers deleted at a time for each CPU; a deletion mostly waits, 60 ms of CPU time in all. */
const REMOVALS_PER_CPU = 8;
/** Longest an engine may take to answer at all, or to say what it is: less than a session may wait. */
const ANSWER_TIMEOUT_MS = 3_000;
/** Longest it may take to describe itself before its last description holds. */
const DESCRIBE_TIMEOUT_MS = 3_000;

/** How this node deals with images. */
export interface ImageOptions extends ImagesOptions {
  /** When those that it has pulled are removed again; null = never. */
  readonly collect: CollectionRules | null;
}

export interface DockerRuntimeOptions {
  /** `unix:///path` or `tcp://host:port`. */
  readonly dockerHost: string;
  /** Where the files of tasks go; private to this node. */
  readonly payloadDir: string;
  /** Where it is noted which images were pulled. */
  readonly imageBook: string;
  readonly images: ImageOptions;
  readonly node: NodeScope;
  /** Whether an engine that does not answer is expected to come back. */
  readonly isAwaited: boolean;
}

export interface DockerRuntimeModules {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs tasks as containers of the local Docker Engine. */
class DockerRuntime implements Runtime {
  readonly #node: NodeScope;
  readonly #modules: DockerModules & DockerRuntimeModules;
  readonly #scope: Scope;
  #described: RuntimeDescription | null = null;

  constructor(node: NodeScope, modules: DockerModules & DockerRuntimeModules, scope: Scope) {
    this.#node = node;
    this.#modules = modules;
    this.#scope = scope;
    scope.run((signal) => modules.events.run(signal));
    scope.run((signal) => modules.presence.run(signal));
  }

  async describe(signal: AbortSignal): Promise<RuntimeDescription> {
    const { docker, clock, presence } = this.#modules;
    // It is known for what it was, but offers nothing.
    if (presence.isAway && this.#described) return { ...this.#described, runtimes: [] };
    using deadline = linked(signal);
    const late = new SwarmError("unavailable", "the Docker Engine does not answer");
    const cancel = clock.after(DESCRIBE_TIMEOUT_MS, () => deadline.abort(late));
    try {
      this.#described = await describeEngine(docker, deadline.signal);
    } catch (error) {
      // An engine that restarts is no reason to lose the node.
      if (!this.#described || !isSwarmError(error, "unavailable")) throw error;
    } finally {
      cancel();
    }
    return this.#described;
  }

  async adopt(known: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { docker, removals: limit, payloads, log } = this.#modules;
    const filters = { label: [`${NODE_ID_LABEL}=${this.#node.nodeId}`] };
    const all = await engineCall(() => docker.listContainers({ all: true, filters }), signal);
    const removals = all
      .filter(({ Labels: labels }) => !known.has(labels[TASK_ID_LABEL] ?? ""))
      .map(({ Id: id }) =>
        limit.run(async () => {
          log.info({ containerId: id }, "container of no known task removed");
          await this.#remove(id, signal);
        }, signal),
      );
    await Promise.all(removals);
    for (const id of payloads.tasks()) if (!known.has(id)) payloads.remove(id);
  }

  controller(task: Task, files: TaskFiles): TaskController {
    return new DockerController(task, taskScope(task, this.#node), files, this.#modules);
  }

  close(): Promise<void> {
    this.#modules.dialer.close();
    return this.#scope.close(cancelled("the docker runtime is closed"));
  }

  async #remove(id: string, signal: AbortSignal): Promise<void> {
    const container = this.#modules.docker.getContainer(id);
    try {
      await engineCall(() => container.remove({ force: true, v: true }), signal);
    } catch (error) {
      if (!isSwarmError(error, "not-found", "exists")) throw error;
    }
  }
}

async function connect(dockerHost: string): Promise<Docker> {
  // Loaded only where an engine is asked for: it is by far the largest of our dependencies.
  const { default: Client } = await import("dockerode");
  const url = new URL(dockerHost);
  if (url.protocol === "unix:") return new Client({ socketPath: url.pathname });
  return new Client({ protocol: "http", host: url.hostname, port: url.port || "2375" });
}

/** Gives an engine that was started and hangs no more than {@link ANSWER_TIMEOUT_MS}. */
async function inTime<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  using deadline = linked(signal);
  const late = new SwarmError("unavailable", "the Docker Engine does not answer");
  const cancel = clock.after(ANSWER_TIMEOUT_MS, () => deadline.abort(late));
  try {
    return await ask(deadline.signal);
  } finally {
    cancel();
  }
}

/**
 * Opens the docker runtime. Throws `unavailable` when no engine answers at `dockerHost` and none is
 * awaited.
 */
export async function openDockerRuntime(
  { dockerHost, payloadDir, imageBook, images, node, isAwaited }: DockerRuntimeOptions,
  modules: DockerRuntimeModules,
  signal: AbortSignal,
): Promise<Runtime> {
  const docker = await connect(dockerHost);
  const ping = (inner: AbortSignal): Promise<unknown> => engineCall(() => docker.ping(), inner);
  if (!isAwaited) await inTime(ping, modules.clock, signal);
  const scope = new Scope(new AbortController().signal);
  const events = new EngineEvents(node.nodeId, { docker, ...modules });
  const book = new ImageBook(imageBook, modules.log);
  const shared = {
    ...modules,
    docker,
    events,
    presence: new EnginePresence({ docker, ...modules }),
    images: new Images(images, { docker, book, ...modules }),
    payloads: new PayloadDir(payloadDir),
    creations: new Limit(CREATIONS_PER_CPU * availableParallelism()),
    starts: new Limit(STARTS_PER_CPU * availableParallelism()),
    stops: new Stops(availableParallelism(), { events, ...modules }),
    removals: new Limit(REMOVALS_PER_CPU * availableParallelism()),
    dialer: new NetworkDialer(modules.clock),
  };
  const { collect } = images;
  if (collect) {
    const diskUse = (inner: AbortSignal): Promise<number | null> => engineDiskUse(docker, inner);
    const parts = { docker, book, diskUse, ...modules };
    scope.run((inner) => runImageCollector(collect, parts, inner));
  }
  return new DockerRuntime(node, shared, scope);
}
