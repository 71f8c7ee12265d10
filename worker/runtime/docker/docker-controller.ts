import { existsSync } from "node:fs";
import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { onAbort } from "../../../lib/abort.ts";
import { Bell } from "../../../lib/bell.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { Task } from "../../../proto/generated.ts";
import type { Limit } from "../limit.ts";
import type { PayloadDir } from "../payload-dir.ts";
import type {
  LogLine,
  LogRead,
  TaskController,
  TaskExit,
  TaskFacts,
  TaskFiles,
} from "../runtime.ts";
import { taskPayload } from "../task-payload.ts";
import { UNREACHABLE } from "../unreachable-task.ts";
import type { TaskReach } from "../reach.ts";
import type { TemplateScope } from "../template.ts";
import { containerName, containerSpec, graceSeconds, toContainer } from "./container-config.ts";
import { engineCall } from "./engine-error.ts";
import type { EngineEvents } from "./engine-events.ts";
import { readEngineLog } from "./engine-log.ts";
import { boundPorts } from "./host-config.ts";
import type { Images } from "./images.ts";
import { bindSources } from "./mounts.ts";

/** What all containers of a node share. */
export interface DockerModules {
  readonly docker: Docker;
  readonly events: EngineEvents;
  readonly images: Images;
  readonly payloads: PayloadDir;
  /** Creations and starts under way at a time. */
  readonly starts: Limit;
}

const UNHEALTHY = "unhealthy container";

/** The exit of a container that has ended; null while it has not. */
function exitOf({ State: state }: ContainerInspectInfo): TaskExit | null {
  if (state.Status === "created" || state.Running || state.Restarting || state.Paused) return null;
  const error = state.Error || (state.OOMKilled ? "out of memory" : "");
  return { code: state.ExitCode, error };
}

/** One task as a container of the local engine. */
export class DockerController implements TaskController {
  readonly #task: Task;
  readonly #name: string;
  readonly #scope: TemplateScope;
  readonly #files: TaskFiles;
  readonly #modules: DockerModules;

  constructor(task: Task, scope: TemplateScope, files: TaskFiles, modules: DockerModules) {
    containerSpec(task);
    this.#task = task;
    this.#name = containerName(task);
    this.#scope = scope;
    this.#files = files;
    this.#modules = modules;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    if (await this.#find(signal)) return;
    const { images, starts } = this.#modules;
    const spec = containerSpec(this.#task);
    // Checked before anything is pulled: what cannot run should say so at once.
    toContainer(this.#task, this.#scope, []);
    await images.ensure(spec.image, spec.registryAuth, signal);
    await starts.run(() => this.#create(signal), signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { starts } = this.#modules;
    const found = await this.#inspect(signal);
    if (found.State.Status === "created") {
      for (const path of bindSources(found.HostConfig.Mounts ?? [])) {
        if (!existsSync(path))
          throw new SwarmError("invalid", `bind source path does not exist: ${path}`);
      }
      await starts.run(() => this.#call((c) => c.start(), signal), signal);
    }
    const [check = "NONE"] = found.Config.Healthcheck?.Test ?? [];
    if (check !== "NONE") await this.#healthy(signal);
  }

  wait(signal: AbortSignal): Promise<TaskExit> {
    return this.#until(signal, async () => {
      const found = await this.#inspect(signal);
      const exit = exitOf(found);
      const unhealthy = found.State.Health?.Status === "unhealthy";
      if (exit) return unhealthy ? { ...exit, error: UNHEALTHY } : exit;
      if (!unhealthy) return null;
      await this.#stop(signal);
      return { code: exitOf(await this.#inspect(signal))?.code ?? 137, error: UNHEALTHY };
    });
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    const found = await this.#find(signal);
    if (found?.State.Running || found?.State.Paused) await this.#stop(signal);
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.shutdown(signal);
    try {
      await this.#call((container) => container.remove({ force: true, v: true }), signal);
    } catch (error) {
      // Gone, or another removal is under way: wait for neither.
      if (!isSwarmError(error, "not-found", "exists")) throw error;
    }
    this.#modules.payloads.remove(this.#task.id);
  }

  async facts(signal: AbortSignal): Promise<TaskFacts | null> {
    const found = await this.#find(signal);
    if (!found || found.State.Status === "created") return null;
    return {
      containerId: found.Id,
      pid: found.State.Pid,
      exitCode: found.State.ExitCode,
      ports: boundPorts(found.NetworkSettings.Ports ?? {}),
    };
  }

  async *logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine> {
    const found = read.follow ? await this.#started(signal) : await this.#find(signal);
    if (!found) return;
    const container = { id: found.Id, tty: found.Config.Tty };
    yield* readEngineLog(this.#modules.docker, container, read, signal);
  }

  reach(): TaskReach {
    return UNREACHABLE;
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { docker, payloads } = this.#modules;
    const { secrets, configs, env } = containerSpec(this.#task);
    const values = env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
    const request = { secrets, configs, scope: this.#scope, env: Object.fromEntries(values) };
    const files = payloads.write(this.#task.id, taskPayload(request, this.#files), null);
    const options = toContainer(this.#task, this.#scope, files);
    try {
      await engineCall(() => docker.createContainer(options), signal);
    } catch (error) {
      // The name is the task's own: whoever created it did what is asked here.
      if (!isSwarmError(error, "exists")) throw error;
    }
  }

  /** Returns when the container is healthy or has ended well; throws when it is or ended badly. */
  async #healthy(signal: AbortSignal): Promise<void> {
    await this.#until(signal, async () => {
      const found = await this.#inspect(signal);
      const exit = exitOf(found);
      if (exit && exit.code !== 0)
        throw new SwarmError("failed-precondition", `task: non-zero exit (${exit.code})`);
      const health = found.State.Health?.Status;
      if (exit || health === "healthy") return true;
      if (health !== "unhealthy") return null;
      await this.#stop(signal);
      throw new SwarmError("failed-precondition", UNHEALTHY);
    });
  }

  /** The container as soon as it was started; it may still be to be created. */
  #started(signal: AbortSignal): Promise<ContainerInspectInfo> {
    return this.#until(signal, async () => {
      const found = await this.#find(signal);
      return found?.State.Status === "created" ? null : found;
    });
  }

  /** Looks now and at each event of the task's container, until `look` gives something. */
  async #until<T>(signal: AbortSignal, look: () => Promise<T | null>): Promise<T> {
    const bell = new Bell();
    const releases = [
      this.#modules.events.subscribe(this.#task.id, bell),
      onAbort(signal, () => bell.ring()),
    ];
    try {
      for (;;) {
        const result = await look();
        if (result !== null) return result;
        await bell.wait();
        signal.throwIfAborted();
      }
    } finally {
      for (const release of releases) release();
    }
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const t = graceSeconds(containerSpec(this.#task));
    try {
      await this.#call((container) => container.stop({ t }), signal);
    } catch (error) {
      if (!isSwarmError(error, "not-found")) throw error;
    }
  }

  #inspect(signal: AbortSignal): Promise<ContainerInspectInfo> {
    return this.#call((container) => container.inspect(), signal);
  }

  async #find(signal: AbortSignal): Promise<ContainerInspectInfo | null> {
    try {
      return await this.#inspect(signal);
    } catch (error) {
      if (isSwarmError(error, "not-found")) return null;
      throw error;
    }
  }

  #call<T>(call: (container: Docker.Container) => Promise<T>, signal: AbortSignal): Promise<T> {
    return engineCall(() => call(this.#modules.docker.getContainer(this.#name)), signal);
  }
}
