import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isErrnoException } from "../../../lib/errno.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { ResourceRequirements } from "../../../proto/generated.ts";
import { V1, V2, type CgroupVersion, type Controller, type Setting } from "./cgroup-versions.ts";

/** What one task may use at most; 0 = no limit. */
export interface TaskLimits {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  /** On top of memory; -1 = unlimited, null = as much again, which is Docker's default. */
  readonly swapBytes: number | null;
  /** 0 to 100; null = the machine's. */
  readonly swappiness: number | null;
  readonly pids: number;
  /** `c 10:229 rwm`: the only devices it may use; null = all. */
  readonly devices: readonly string[] | null;
}

/** The limits of a task's requirements. Reservations are the scheduler's business. */
export function toLimits(
  requirements: ResourceRequirements | null,
  devices: readonly string[] | null,
): TaskLimits {
  const { nanoCpus = 0, memoryBytes = 0, pids = 0 } = requirements?.limits ?? {};
  const swappiness = requirements?.memorySwappiness?.value ?? -1;
  return {
    nanoCpus,
    memoryBytes,
    swapBytes: requirements?.swapBytes?.value ?? null,
    swappiness: swappiness < 0 ? null : swappiness,
    pids,
    devices,
  };
}

/** Whether anything is limited at all. */
export function isLimited({ nanoCpus, memoryBytes, pids, devices }: TaskLimits): boolean {
  return nanoCpus > 0 || memoryBytes > 0 || pids > 0 || devices !== null;
}

export interface CgroupsOptions {
  /** @default /sys/fs/cgroup */
  readonly root?: string;
  /** Directory below `skep` of each hierarchy, for all tasks of this worker. */
  readonly name: string;
}

/**
 * The control groups of this worker's tasks, `skep/<name>/<task>` in each hierarchy, as an engine
 * makes its own below `docker`. A task without limits has none.
 */
export class Cgroups {
  readonly version: "v1" | "v2";
  readonly #version: CgroupVersion;
  readonly #root: string;
  readonly #base: string;

  constructor(options: CgroupsOptions, version: CgroupVersion) {
    this.#root = options.root ?? DEFAULT_ROOT;
    this.#base = join("skep", options.name);
    this.#version = version;
    this.version = version.name;
  }

  /**
   * Makes the groups of a task and sets its limits. Returns the files that a process writes 0 to in
   * order to join. Throws `failed-precondition` for a limit that this kernel does not offer.
   */
  create(taskId: string, limits: TaskLimits): readonly string[] {
    const settings = this.#version.settings(limits);
    const dirs = new Set<string>();
    for (const setting of settings) {
      this.#require(setting.controller);
      const dir = this.#dir(setting.controller, taskId);
      mkdirSync(dir, { recursive: true });
      dirs.add(dir);
      this.#write(dir, setting);
    }
    return [...dirs].map((dir) => join(dir, "cgroup.procs"));
  }

  /** How many of the task's processes the kernel ended for lack of memory. */
  oomKills(taskId: string): number {
    const path = join(this.#dir("memory", taskId), this.#version.oomFile);
    if (!existsSync(path)) return 0;
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(path, "latin1"))?.[1] ?? 0);
  }

  /** Removes the groups of a task. Throws `unavailable` while a process is still in one. */
  remove(taskId: string): void {
    for (const dir of this.#dirs(taskId)) {
      try {
        rmdirSync(dir);
      } catch (error) {
        if (isErrnoException(error, "ENOENT")) continue;
        throw new SwarmError("unavailable", `the control group ${dir} is still in use`, {
          cause: error,
        });
      }
      removeEmpty(dirname(dir));
    }
  }

  /** Ids of the tasks that have a group. */
  tasks(): readonly string[] {
    const bases = new Set(this.#version.controllers.map((name) => this.#dir(name, "")));
    const found = [...bases]
      .filter((dir) => existsSync(dir))
      .flatMap((dir) =>
        readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
      );
    return [...new Set(found.map(({ name }) => name))];
  }

  /** The files that a process writes 0 to in order to join the task's groups. */
  joinFiles(taskId: string): readonly string[] {
    return this.#dirs(taskId)
      .map((dir) => join(dir, "cgroup.procs"))
      .filter((path) => existsSync(path));
  }

  #dirs(taskId: string): readonly string[] {
    return [...new Set(this.#version.controllers.map((name) => this.#dir(name, taskId)))];
  }

  #dir(controller: Controller, taskId: string): string {
    return join(this.#root, this.#version.hierarchy(controller), this.#base, taskId);
  }

  #require(controller: Controller): void {
    if (this.#version.enable(this.#root, this.#base, controller)) return;
    throw new SwarmError(
      "failed-precondition",
      `this node's kernel has no ${controller} controller in its control groups (${this.version}): ` +
        "boot it with one, or ask for no such limit",
    );
  }

  #write(dir: string, { file, value, optional }: Setting): void {
    try {
      writeFileSync(join(dir, file), value);
    } catch (error) {
      if (optional && isErrnoException(error, "ENOENT", "EACCES", "EPERM")) return;
      throw new SwarmError(
        "failed-precondition",
        `the limit ${file} = ${value} cannot be set on this node`,
        { cause: error },
      );
    }
  }
}

const DEFAULT_ROOT = "/sys/fs/cgroup";

/** The groups of all tasks of a worker go with the last of them. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!isErrnoException(error, "ENOTEMPTY", "EBUSY")) throw error;
  }
}

/** The control groups of this host; null when there are none that we may write to. */
export function openCgroups(options: CgroupsOptions): Cgroups | null {
  const root = options.root ?? DEFAULT_ROOT;
  const version = existsSync(join(root, "cgroup.controllers")) ? V2 : V1;
  try {
    accessSync(join(root, version.hierarchy("memory")), constants.W_OK);
  } catch {
    return null;
  }
  return new Cgroups(options, version);
}
