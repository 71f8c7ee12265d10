import { readFileSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import { isErrnoException } from "../../../lib/errno.ts";
import type { ProcessList, TaskUsage } from "../reach.ts";
import { hasOwnNetwork, ownGroups, processTree, type ControlGroup } from "./inside.ts";
import { programOf } from "./proc.ts";

/** Length of the kernel's clock tick as programs see it; the same on every Linux. */
const TICK_NS = 1e9 / 100;
const PAGE_BYTES = 4096;
/** Version 1 says so for "no limit": the largest multiple of a page below 2^63. */
const UNLIMITED_BYTES = 2 ** 62;

function text(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (isErrnoException(error)) return "";
    throw error;
  }
}

/** The number in a file; null when it has none. */
function number(path: string): number | null {
  const value = text(path).trim();
  return /^\d+$/.test(value) ? Number(value) : null;
}

/** The sum of what `pattern` captures in a file; null when it captures nothing. */
function sum(content: string, pattern: RegExp): number | null {
  const found = [...content.matchAll(pattern)];
  if (found.length === 0) return null;
  return found.reduce((total, [, value]) => total + Number(value), 0);
}

/** Fields of `/proc/<pid>/stat` from the state on: the third of proc(5) is the first here. */
function statFields(pid: number): readonly string[] {
  const content = text(`/proc/${pid}/stat`);
  return content.slice(content.lastIndexOf(")") + 2).split(" ");
}

/** CPU time of a process and of its children that it has waited for, ticks. */
function ticksOf(fields: readonly string[]): number {
  return fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
}

function controller(groups: readonly ControlGroup[], name: string): string | null {
  return groups.find(({ controllers }) => controllers.includes(name))?.dir ?? null;
}

/** What the task's control groups know, as far as it has any. */
function groupUsage(pid: number): Partial<TaskUsage> {
  const groups = ownGroups(pid);
  const unified = groups.find(({ controllers }) => controllers.length === 0)?.dir;
  const found: { -readonly [K in keyof TaskUsage]?: TaskUsage[K] | null } = {};
  if (unified !== undefined) {
    const usec = sum(text(`${unified}/cpu.stat`), /^usage_usec (\d+)/gm);
    found.cpuNs = usec === null ? null : usec * 1e3;
    found.memoryBytes = number(`${unified}/memory.current`);
    found.memoryLimitBytes = number(`${unified}/memory.max`);
    found.pids = number(`${unified}/pids.current`);
    found.blockReadBytes = sum(text(`${unified}/io.stat`), /rbytes=(\d+)/g);
    found.blockWrittenBytes = sum(text(`${unified}/io.stat`), /wbytes=(\d+)/g);
  }
  const [cpu, memory, pids] = ["cpuacct", "memory", "pids"].map((name) => controller(groups, name));
  if (cpu) found.cpuNs = number(`${cpu}/cpuacct.usage`);
  if (memory) {
    found.memoryBytes = number(`${memory}/memory.usage_in_bytes`);
    const limit = number(`${memory}/memory.limit_in_bytes`);
    if (limit !== null && limit < UNLIMITED_BYTES) found.memoryLimitBytes = limit;
  }
  if (pids) found.pids = number(`${pids}/pids.current`);
  const known = Object.entries(found).filter(([, value]) => value !== null);
  return Object.fromEntries(known);
}

/** Bytes received and sent over every interface but loopback. */
function networkUsage(pid: number): Partial<TaskUsage> {
  if (!hasOwnNetwork(pid)) return {};
  let received = 0;
  let sent = 0;
  for (const line of text(`/proc/${pid}/net/dev`).split("\n")) {
    const [, name, counters = ""] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || name === "lo") continue;
    const fields = counters.split(/\s+/).map(Number);
    received += fields[0] ?? 0;
    sent += fields[8] ?? 0;
  }
  return { networkReceivedBytes: received, networkSentBytes: sent };
}

/** What the task that `pid` leads uses: by its control groups, else by its processes. */
export function processUsage(pid: number, atMs: number): TaskUsage {
  const tree = processTree(pid);
  let ticks = 0;
  let pages = 0;
  let read: number | null = null;
  let written: number | null = null;
  for (const { pid: member } of tree) {
    const fields = statFields(member);
    ticks += ticksOf(fields);
    pages += Number(fields[21] ?? 0);
    const io = text(`/proc/${member}/io`);
    if (io === "") continue;
    read = (read ?? 0) + (sum(io, /^read_bytes: (\d+)/gm) ?? 0);
    written = (written ?? 0) + (sum(io, /^write_bytes: (\d+)/gm) ?? 0);
  }
  return {
    atMs,
    cpuNs: ticks * TICK_NS,
    memoryBytes: pages * PAGE_BYTES,
    memoryLimitBytes: totalmem(),
    pids: tree.length,
    networkReceivedBytes: null,
    networkSentBytes: null,
    blockReadBytes: read,
    blockWrittenBytes: written,
    ...networkUsage(pid),
    ...groupUsage(pid),
  };
}

/** Name of the user with this number, or the number where it has none. */
function userName(uid: number): string {
  const line = text("/etc/passwd")
    .split("\n")
    .find((entry) => entry.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? String(uid);
}

/** `HH:MM:SS`, hours going on beyond a day. */
function clockTime(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

function row(pid: number): readonly string[] {
  const fields = statFields(pid);
  // Arguments may be scripts of many lines, or hold what a terminal takes for commands.
  const words = Buffer.from(text(`/proc/${pid}/cmdline`), "latin1").toString();
  const command = words.replaceAll(/\p{Cc}+/gu, " ").trim();
  const name = text(`/proc/${pid}/comm`).trim();
  const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? 0;
  return [
    userName(uid),
    String(pid),
    fields[1] ?? "",
    fields[0] ?? "",
    clockTime((ticksOf(fields.slice(0, 13).concat("0", "0")) * TICK_NS) / 1e9),
    `${Math.round((Number(fields[21] ?? 0) * PAGE_BYTES) / 1024)}`,
    command === "" ? `[${name}]` : command,
  ];
}

/**
 * The processes of the task that `pid` leads, with pids as the host has them; without those that
 * watch over its program, which are ours.
 */
export function processList(pid: number): ProcessList {
  const watchers = [pid, programOf(pid)?.init];
  return {
    titles: ["USER", "PID", "PPID", "STATE", "TIME", "RSS(KiB)", "CMD"],
    processes: processTree(pid)
      .filter((found) => !watchers.includes(found.pid))
      .map((found) => row(found.pid)),
  };
}
