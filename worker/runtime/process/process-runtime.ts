import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Task } from "../../../proto/generated.ts";
import { hostArchitecture, hostResources } from "../describe-host.ts";
import { Limit } from "../limit.ts";
import type { Runtime, RuntimeDescription, TaskController, TaskFiles } from "../runtime.ts";
import { taskScope, type NodeScope } from "../task-scope.ts";
import { createHash } from "node:crypto";
import { CDI_DIRS } from "../cdi.ts";
import { NetworkDialer } from "../network-dialer.ts";
import { PayloadDir, payloadPath } from "../payload-dir.ts";
import { openCgroups } from "./cgroups.ts";
import { PlainIsolation, SandboxIsolation, type Isolation } from "./isolation.ts";
import { directLauncher, type Launcher } from "./launch.ts";
import { LaunchProcess } from "./launch-process.ts";
import { LogBook } from "./log-book.ts";
import { NetworkNamespaces } from "./network-namespaces.ts";
import { ProcessController, type ProcessModules } from "./process-controller.ts";
import { processSpec } from "./process-plan.ts";
import { ProcessTable } from "./process-table.ts";
import { RootImages } from "./root-images.ts";
import { Sandbox, sandboxRefusal } from "./sandbox.ts";
import { TaskRoots } from "./task-root.ts";
import { TaskSetup } from "./task-setup.ts";
import { Toolbox } from "./toolbox.ts";
import { Volumes } from "./volumes.ts";

/** Starts under way at a time. More of them cost the kernel more CPU and gain nothing (docs/benchmarks.md). */
const STARTS_MAX = 2;
/** Log bytes kept per task and stream. */
const LOG_BYTES_MAX = 8 << 20;

export interface ProcessRuntimeOptions {
  /** A private directory; made if missing. Identifies the worker whose tasks are in it. */
  readonly dir: string;
  readonly node: NodeScope;
  /** @default 8 MiB */
  readonly logBytesMax?: number;
  /** Whether tasks get namespaces where the host has them. @default true */
  readonly sandbox?: boolean;
  /** Where the node's CDI devices are described. @default /etc/cdi and /var/run/cdi */
  readonly cdiDirs?: readonly string[];
  /** Starts under way at a time. @default 2 */
  readonly startsMax?: number;
  /** Whether processes are started by a small process instead of this one. @default false */
  readonly launchProcess?: boolean;
}

/** Runs tasks as plain processes of this machine. */
class ProcessRuntime implements Runtime {
  readonly #node: NodeScope;
  readonly #modules: ProcessModules;
  readonly #launcher: Launcher;

  constructor(node: NodeScope, launcher: Launcher, modules: ProcessModules) {
    this.#node = node;
    this.#launcher = launcher;
    this.#modules = modules;
  }

  async describe(): Promise<RuntimeDescription> {
    return {
      runtimes: ["process"],
      engineVersion: "",
      labels: this.#modules.isolation.labels,
      plugins: [],
      architecture: hostArchitecture(),
      os: "linux",
      resources: hostResources(),
    };
  }

  async adopt(known: ReadonlySet<string>): Promise<void> {
    const { table, logs, isolation } = this.#modules;
    for (const id of await table.adopt(known)) table.forget(id);
    for (const id of logs.tasks()) {
      if (known.has(id)) logs.of(id).observe();
      else logs.remove(id);
    }
    for (const id of isolation.tasks()) if (!known.has(id)) await isolation.remove(id);
    isolation.prune();
  }

  controller(task: Task, files: TaskFiles): TaskController {
    processSpec(task);
    return new ProcessController(task, taskScope(task, this.#node), files, this.#modules);
  }

  async close(): Promise<void> {
    this.#modules.table.close();
    this.#modules.logs.close();
    this.#modules.dialer.close();
    await this.#launcher.close();
  }
}

function openIsolation(dir: string, wanted: boolean, cdiDirs: readonly string[]): Isolation {
  const payloads = new PayloadDir(payloadPath(dir));
  const refusal = wanted ? sandboxRefusal() : "its swarmd was told not to";
  if (refusal !== "") return new PlainIsolation(payloads, refusal, cdiDirs);
  const cgroups = openCgroups({
    name: createHash("sha256").update(dir).digest("hex").slice(0, 16),
  });
  const setup = new TaskSetup({
    sandbox: new Sandbox(),
    cgroups,
    volumes: new Volumes(join(dir, "volumes")),
    images: new RootImages(join(dir, "images")),
    roots: new TaskRoots(join(dir, "roots")),
    toolbox: new Toolbox(join(dir, "toolbox")),
    networks: new NetworkNamespaces(join(dir, "networks")),
    payloads,
    cdiDirs,
  });
  return new SandboxIsolation(setup, payloads, cgroups ? `cgroup-${cgroups.version}` : "none");
}

/** Opens the process runtime. Needs Linux's /proc; no privileges. */
export async function openProcessRuntime(
  options: ProcessRuntimeOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Runtime> {
  if (!existsSync(options.dir)) mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const dir = realpathSync(options.dir);
  const bytesMax = options.logBytesMax ?? LOG_BYTES_MAX;
  const logs = new LogBook({ dir: join(dir, "logs"), bytesMax }, { clock, log });
  const onEnded = (taskId: string): void => logs.of(taskId).finish();
  const launcher = options.launchProcess ? new LaunchProcess(dir) : directLauncher;
  const isolation = openIsolation(dir, options.sandbox ?? true, options.cdiDirs ?? CDI_DIRS);
  const { mayEscape } = isolation;
  const modules: ProcessModules = {
    clock,
    table: new ProcessTable({ dir, worker: dir, mayEscape }, { clock, log, launcher, onEnded }),
    logs,
    isolation,
    starts: new Limit(options.startsMax ?? STARTS_MAX),
    worker: dir,
    dialer: new NetworkDialer(clock),
  };
  return new ProcessRuntime(options.node, launcher, modules);
}
