import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { isErrnoException } from "../../../lib/errno.ts";
import { readStat, type ProcessStat } from "./proc.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";
/** Processes of one task looked at; more is no tree but a bomb. */
const TREE_MAX = 10_000;

/** One of a process's control groups. */
export interface ControlGroup {
  /** Its directory. */
  readonly dir: string;
  /** Version 1: the controllers; version 2: none. */
  readonly controllers: readonly string[];
}

function namespaceOf(pid: number | "self", kind: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch (error) {
    // Gone meanwhile, or another user's: then it is none that we could enter.
    if (isErrnoException(error)) return "";
    throw error;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return text.split(" ").filter(Boolean).map(Number);
  } catch (error) {
    if (isErrnoException(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}

/** The process and everything that descends from it, parents first, as far as it still lives. */
export function processTree(pid: number): readonly ProcessStat[] {
  const found: ProcessStat[] = [];
  const open = [pid];
  while (open.length > 0 && found.length < TREE_MAX) {
    const next = open.shift() ?? 0;
    const stat = readStat(next);
    if (!stat) continue;
    if (stat.state !== "Z") found.push(stat);
    open.push(...childrenOf(next));
  }
  return found;
}

/** The outermost process of the task that `pid` leads which is in the task's own namespaces. */
export function innerProcess(pid: number): number {
  const own = namespaceOf("self", "pid");
  for (const { pid: candidate } of processTree(pid)) {
    const its = namespaceOf(candidate, "pid");
    if (its !== "" && its !== own) return candidate;
  }
  return pid;
}

/** Whether the process has a network of its own. */
export function hasOwnNetwork(pid: number): boolean {
  const its = namespaceOf(pid, "net");
  return its !== "" && its !== namespaceOf("self", "net");
}

function groupsOf(pid: number | "self"): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "latin1").trim().split("\n");
  } catch (error) {
    if (isErrnoException(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}

/** The control groups of the process that are not ours as well. */
export function ownGroups(pid: number): readonly ControlGroup[] {
  const ours = new Set(groupsOf("self"));
  return groupsOf(pid)
    .filter((line) => line !== "" && !ours.has(line))
    .flatMap((line): readonly ControlGroup[] => {
      const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const controllers = names === "" ? [] : names.split(",");
      const roots =
        names === "" ? [CGROUP_ROOT, `${CGROUP_ROOT}/unified`] : [`${CGROUP_ROOT}/${names}`];
      const dir = roots.map((root) => `${root}${path}`).find((candidate) => existsSync(candidate));
      return dir === undefined ? [] : [{ dir, controllers }];
    });
}
