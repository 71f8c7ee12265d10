import { existsSync } from "node:fs";
import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { Task } from "../../../proto/generated.ts";
import { make } from "../../../proto/codec.ts";
import { placeClusterMounts } from "../cluster-mounts.ts";
import { refuseSubpaths } from "./subpaths.ts";
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
import type { TaskReach } from "../reach.ts";
import type { TemplateScope } from "../template.ts";
import { containerName, containerSpec, graceSeconds, toContainer } from "./container-config.ts";
import { exitOf, sicknessOf } from "./container-end.ts";
import { ContainerView } from "./container-view.ts";
import { DockerReach, type DockerReachModules } from "./docker-reach.ts";
import type { EngineEvents } from "./engine-events.ts";
import type { EnginePresence } from "./engine-presence.ts";
import { readEngineLog } from "./engine-log.ts";
import { boundPorts } from "./host-config.ts";
import type { Images } from "./images/images.ts";
import { bindSources, toMounts } from "./mounts.ts";
import type { Stops } from "./stops.ts";

/** What all containers of a node share. */
export interface DockerModules extends DockerReachModules {
  readonly docker: Docker;
  readonly events: EngineEvents;
  readonly presence: EnginePresence;
  readonly images: Images;
  readonly payloads: PayloadDir;
  /** Creations under way at a time. */
  readonly creations: Limit;
  readonly starts: Limit;
  readonly stops: Stops;
  /** Deletions of containers under way at a time. */
  readonly removals: Limit;
}

/** One task as a container of the local engine. */
export class DockerController implements TaskController {
  readonly #task: Task;
  readonly #view: ContainerView;
  readonly #scope: TemplateScope;
  readonly #files: TaskFiles;
  readonly #modules: DockerModules;
  /** This controller has created the container itself and not started it yet. */
  #created = false;
  /** The container is known to have ended, or to be gone: nothing starts it again. */
  #ended = false;
  /** The engine has deleted the container, whether or not the one who asked waited for it. */
  #deleted = false;
  /** Nothing of the task is left. */
  #removed = false;

  constructor(task: Task, scope: TemplateScope, files: TaskFiles, modules: DockerModules) {
    containerSpec(task);
    this.#task = task;
    this.#view = new ContainerView(task.id, containerName(task), modules);
    this.#scope = scope;
    this.#files = files;
    this.#modules = modules;
  }

  prepare(signal: AbortSignal): Promise<void> {
    // Nothing of it runs yet: where the engine is lost, another node may take it.
    return this.#modules.presence.unlessLost((inner) => this.#prepare(inner), signal);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { images, creations } = this.#modules;
    const { image, registryAuth } = containerSpec(this.#task);
    // Checked before anything is pulled: what cannot run should say so at once.
    toContainer(this.#task, this.#scope, []);
    try {
      await images.ensure(image, registryAuth, signal);
    } catch (error) {
      // An earlier run may have got as far as the container, and the image may be gone since.
      if (await this.#view.find(signal)) return;
      throw error;
    }
    await creations.run(() => this.#create(signal), signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { starts } = this.#modules;
    this.#view.watch();
    // What this controller has just created needs no look. All else may have run before.
    const created = this.#created || (await this.#view.inspect(signal)).State.Status === "created";
    this.#created = false;
    if (created) {
      this.#checkBinds();
      await starts.run(() => this.#run(signal), signal);
    }
    const found = await this.#existing(signal);
    const [check = "NONE"] = found.Config.Healthcheck?.Test ?? [];
    if (check !== "NONE") await this.#healthy(signal);
  }

  wait(signal: AbortSignal): Promise<TaskExit> {
    return this.#view.until(signal, async () => {
      const found = await this.#existing(signal);
      const exit = exitOf(found);
      const sickness = sicknessOf(found);
      this.#ended = exit !== null;
      if (exit) return sickness ? { ...exit, error: sickness } : exit;
      if (!sickness) return null;
      await this.#stop(signal);
      return { code: exitOf(await this.#view.inspect(signal))?.code ?? 137, error: sickness };
    });
  }

  shutdown(signal: AbortSignal): Promise<void> {
    return this.#stop(signal);
  }

  async remove(signal: AbortSignal): Promise<void> {
    if (this.#removed) return;
    // Most tasks were shut down before: the engine need not be asked to stop them again.
    if (!this.#ended) await this.#stop(signal);
    await this.#delete(signal);
    this.#view.unwatch();
    this.#modules.payloads.remove(this.#task.id);
    this.#removed = true;
  }

  async facts(signal: AbortSignal): Promise<TaskFacts | null> {
    const found = await this.#view.look(signal);
    if (!found || found.State.Status === "created") return null;
    return {
      containerId: found.Id,
      pid: found.State.Pid,
      exitCode: found.State.ExitCode,
      ports: boundPorts(found.NetworkSettings.Ports ?? {}),
      networkNamespace: "",
    };
  }

  async *logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine> {
    const found = read.follow ? await this.#started(signal) : await this.#view.find(signal);
    if (!found) return;
    const container = { id: found.Id, tty: found.Config.Tty };
    yield* readEngineLog(this.#modules.docker, container, read, signal);
  }

  reach(): TaskReach {
    return new DockerReach(containerName(this.#task), this.#modules);
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { docker, payloads } = this.#modules;
    const { secrets, configs, env, mounts } = containerSpec(this.#task);
    await refuseSubpaths(mounts, docker, signal);
    const values = env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
    const request = { secrets, configs, scope: this.#scope, env: Object.fromEntries(values) };
    const files = payloads.write(this.#task.id, taskPayload(request, this.#files), null);
    const options = toContainer(this.#withVolumes(), this.#scope, files);
    try {
      this.#deleted = false;
      await this.#view.change(() => docker.createContainer(options), signal);
      this.#created = true;
    } catch (error) {
      // The name is the task's own: whoever created it did what is asked here.
      if (!isSwarmError(error, "exists")) throw error;
    }
  }

  /** Has the engine start the container; its refusal is told in swarm mode's words. */
  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#view.change((container) => container.start(), signal);
    } catch (error) {
      if (!isSwarmError(error)) throw error;
      const message = `starting container failed: ${error.message}`;
      throw new SwarmError(error.code, message, { cause: error });
    }
  }

  /** The task with its cluster volumes where they are on this node. */
  #withVolumes(): Task {
    const container = containerSpec(this.#task);
    const mounts = placeClusterMounts(container.mounts, this.#task, this.#files);
    const spec = make("TaskSpec", {
      ...this.#task.spec,
      runtime: "container",
      container: { ...container, mounts },
    });
    return { ...this.#task, spec };
  }

  /** Returns when the container is healthy or has ended well; throws when it is or ended badly. */
  async #healthy(signal: AbortSignal): Promise<void> {
    await this.#view.until(signal, async () => {
      const found = await this.#existing(signal);
      const exit = exitOf(found);
      if (exit && exit.code !== 0)
        throw new SwarmError("failed-precondition", `task: non-zero exit (${exit.code})`);
      if (exit || found.State.Health?.Status === "healthy") return true;
      const sickness = sicknessOf(found);
      if (!sickness) return null;
      await this.#stop(signal);
      throw new SwarmError("failed-precondition", sickness);
    });
  }

  /** The container as soon as it was started; it may still be to be created. */
  #started(signal: AbortSignal): Promise<ContainerInspectInfo> {
    return this.#view.until(signal, async () => {
      const found = await this.#view.find(signal);
      return found?.State.Status === "created" ? null : found;
    });
  }

  /** Sources of binds must be there when the container starts, and not only when it is made. */
  #checkBinds(): void {
    const mounts = toMounts(containerSpec(this.#task).mounts, [], this.#scope);
    for (const path of bindSources(mounts)) {
      if (!existsSync(path))
        throw new SwarmError("invalid", `bind source path does not exist: ${path}`);
    }
  }

  /** The container; throws `not-found` when somebody has removed it. */
  async #existing(signal: AbortSignal): Promise<ContainerInspectInfo> {
    return (await this.#view.look(signal)) ?? this.#view.inspect(signal);
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const t = graceSeconds(containerSpec(this.#task));
    const stop = (): Promise<void> => this.#view.change((c) => c.stop({ t }), signal);
    try {
      await this.#modules.stops.run(this.#task.id, stop, signal);
    } catch (error) {
      if (!isSwarmError(error, "not-found", "failed-precondition")) throw error;
      if (error.code === "failed-precondition") await this.#deleteUnstarted(signal);
    }
    this.#ended = true;
  }

  /** Of what does not run, a start that an earlier swarmd asked for may still be on its way. */
  async #deleteUnstarted(signal: AbortSignal): Promise<void> {
    const found = await this.#view.find(signal);
    if (found?.State.Status === "created") await this.#delete(signal);
  }

  async #delete(signal: AbortSignal): Promise<void> {
    const drop = async (c: Docker.Container): Promise<void> => {
      // Asked once what came before has ended, which may have been a deletion that was given up.
      if (this.#deleted) return;
      await c.remove({ force: true, v: true });
      this.#deleted = true;
    };
    try {
      await this.#modules.removals.run(() => this.#view.change(drop, signal), signal);
    } catch (error) {
      // Gone, or another removal is under way: wait for neither.
      if (!isSwarmError(error, "not-found", "exists")) throw error;
    }
  }
}
