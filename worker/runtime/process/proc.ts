import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { isErrnoException } from "../../../lib/errno.ts";

/** What the kernel says of a process. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; `Z` is a zombie, `X` a dead one. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from boot to the process's start: with the pid, its identity within one boot. */
  readonly startTime: number;
}

/** A process that carries our marks in its environment. */
export interface MarkedProcess extends ProcessStat {
  /** Empty for one that belongs to no task: it serves a swarmd, and ends with it. */
  readonly taskId: string;
  /** Whether it was started beside the task's program, for whoever reached into the task. */
  readonly isCommand: boolean;
}

/** Processes looked at in one go. */
const SCAN_SLICE = 64;

/** Environment variables that tell whose task a process is. */
export const TASK_MARK = "SKEP_TASK_ID";
export const WORKER_MARK = "SKEP_WORKER";
/** Is there in the environment of commands that run beside a task's program. */
export const COMMAND_MARK = "SKEP_EXEC";

/** A file of /proc; empty when its process is gone, or is another user's. */
function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (isErrnoException(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return "";
    throw error;
  }
}

/** Reads `/proc/<pid>/stat`; null when there is no such process. */
export function readStat(pid: number): ProcessStat | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === "") return null;
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    state: fields[0] ?? "X",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
}

/** Whether the process of that identity still runs. A zombie does not. */
export function isAlive(pid: number, startTime: number): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

/** Differs after every boot of the machine, when pids start anew. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/**
 * Every living process marked as a task of the worker `worker`, whoever its parent is now. Looks at
 * all processes of the machine, in slices that leave the event loop free.
 */
export async function findMarked(worker: string): Promise<readonly MarkedProcess[]> {
  const found: MarkedProcess[] = [];
  const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const [index, name] of names.entries()) {
    if (index % SCAN_SLICE === SCAN_SLICE - 1) await setImmediate();
    if (environOf(name).get(WORKER_MARK) !== worker) continue;
    const stat = readStat(Number(name));
    // Read again: the number may have been used again before its state was read.
    const env = environOf(name);
    if (!stat || stat.state === "Z" || env.get(WORKER_MARK) !== worker) continue;
    const taskId = env.get(TASK_MARK) ?? "";
    found.push({ ...stat, taskId, isCommand: env.has(COMMAND_MARK) });
  }
  return found;
}

function environOf(pid: string): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  const text = readText(`/proc/${pid}/environ`);
  if (!text.includes(WORKER_MARK)) return env;
  for (const entry of text.split("\0")) {
    const at = entry.indexOf("=");
    env.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return env;
}

function childrenOf(pid: number): readonly number[] {
  const text = readText(`/proc/${pid}/task/${pid}/children`);
  return text.split(" ").filter(Boolean).map(Number);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrnoException(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return "";
    throw error;
  }
}

/** The processes that matter of a task in a pid namespace of its own; 0 = not there (yet). */
export interface SandboxedProgram {
  /** The namespace's first process. */
  readonly init: number;
  /** The task's program: the first that `init` started, before any orphan came to it. */
  readonly pid: number;
}

/**
 * What runs in the pid namespace that the process `leader` has made for its children; null when
 * they share its own.
 */
export function programOf(leader: number): SandboxedProgram | null {
  const below = linkOf(`/proc/${leader}/ns/pid_for_children`);
  if (below === "" || below === linkOf("/proc/self/ns/pid")) return null;
  const [init = 0] = childrenOf(leader);
  const [pid = 0] = init === 0 ? [] : childrenOf(init);
  return { init, pid };
}

/**
 * Whether the shell `pid` has started its command: its child runs another program by now. Before
 * that, a signal to both would be caught by the shell's traps, which its child still has, and lost.
 */
export function hasStartedCommand(pid: number): boolean {
  const leader = programOf(pid)?.init ?? pid;
  const own = readText(`/proc/${leader}/cmdline`);
  return childrenOf(leader).some((child) => readText(`/proc/${child}/cmdline`) !== own);
}
