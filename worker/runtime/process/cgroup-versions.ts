import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrnoException } from "../../../lib/errno.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { TaskLimits } from "./cgroups.ts";

export type Controller = "cpu" | "memory" | "pids" | "devices";

/** One file to write. */
export interface Setting {
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
  /** A kernel without it does not fail the task. */
  readonly optional?: boolean;
}

/** How one version of control groups lays things out. */
export interface CgroupVersion {
  readonly name: "v1" | "v2";
  readonly controllers: readonly Controller[];
  /** Directory of the controller's hierarchy, below the root. */
  hierarchy(controller: Controller): string;
  /**
   * Makes the controller available to children of `base`; false when the kernel has it not. Throws
   * `failed-precondition` when it cannot be handed down.
   */
  enable(root: string, base: string, controller: Controller): boolean;
  settings(limits: TaskLimits): readonly Setting[];
  /** The file with the line `oom_kill <count>`. */
  readonly oomFile: string;
}

const CPU_PERIOD_US = 100_000;
/** The kernel takes no less. */
const CPU_QUOTA_MIN_US = 1_000;

function quotaUs(nanoCpus: number): number {
  return Math.max(CPU_QUOTA_MIN_US, Math.round((nanoCpus / 1e9) * CPU_PERIOD_US));
}

/** Every hierarchy has a directory of its own. */
export const V1: CgroupVersion = {
  name: "v1",
  controllers: ["cpu", "memory", "pids", "devices"],
  hierarchy: (controller) => controller,
  enable: (root, _base, controller) => existsSync(join(root, controller, "cgroup.procs")),
  settings({ nanoCpus, memoryBytes, swapBytes, swappiness, pids, devices }) {
    const settings: Setting[] = [];
    const set = (controller: Controller, file: string, value: number | string, optional = false) =>
      settings.push({ controller, file: `${controller}.${file}`, value: String(value), optional });
    if (nanoCpus > 0) {
      set("cpu", "cfs_period_us", CPU_PERIOD_US);
      set("cpu", "cfs_quota_us", quotaUs(nanoCpus));
    }
    if (memoryBytes > 0) {
      set("memory", "limit_in_bytes", memoryBytes);
      const swap = swapBytes ?? memoryBytes;
      const both = swap < 0 ? -1 : memoryBytes + swap;
      set("memory", "memsw.limit_in_bytes", both, swapBytes === null);
      if (swappiness !== null) set("memory", "swappiness", swappiness);
    }
    if (pids > 0) set("pids", "max", pids);
    if (devices) {
      set("devices", "deny", "a");
      for (const rule of devices) set("devices", "allow", rule);
    }
    return settings;
  },
  oomFile: "memory.oom_control",
};

function handDown(dir: string, controller: Controller): void {
  try {
    appendFileSync(join(dir, "cgroup.subtree_control"), `+${controller}`);
  } catch (error) {
    if (!isErrnoException(error)) throw error;
    // The kernel's rule: a group has processes, or groups with controllers.
    const hint =
      error.code === "EBUSY" ? ": move the processes that are in it to a group below" : "";
    throw new SwarmError(
      "failed-precondition",
      `the control group ${dir} cannot hand its ${controller} controller down (${error.code})${hint}`,
      { cause: error },
    );
  }
}

/**
 * One hierarchy for all. It has no files for devices (a program in the kernel would have to decide):
 * a task there is held to the devices in its /dev by not being able to make nodes.
 */
export const V2: CgroupVersion = {
  name: "v2",
  controllers: ["cpu", "memory", "pids"],
  hierarchy: () => ".",
  enable(root, base, controller) {
    const offered = readFileSync(join(root, "cgroup.controllers"), "latin1").trim().split(" ");
    if (!offered.includes(controller)) return false;
    mkdirSync(join(root, base), { recursive: true });
    let dir = root;
    for (const name of ["", ...base.split("/")]) {
      dir = join(dir, name);
      handDown(dir, controller);
    }
    return true;
  },
  settings({ nanoCpus, memoryBytes, swapBytes, swappiness, pids }) {
    if (swappiness !== null)
      throw new SwarmError(
        "failed-precondition",
        "memory swappiness cannot be set for one task with control groups v2",
      );
    const settings: Setting[] = [];
    if (nanoCpus > 0) {
      const value = `${quotaUs(nanoCpus)} ${CPU_PERIOD_US}`;
      settings.push({ controller: "cpu", file: "cpu.max", value });
    }
    if (memoryBytes > 0) {
      const swap = swapBytes ?? memoryBytes;
      settings.push(
        { controller: "memory", file: "memory.max", value: String(memoryBytes) },
        {
          controller: "memory",
          file: "memory.swap.max",
          value: swap < 0 ? "max" : String(swap),
          optional: swapBytes === null,
        },
      );
    }
    if (pids > 0) settings.push({ controller: "pids", file: "pids.max", value: String(pids) });
    return settings;
  },
  oomFile: "memory.events",
};
