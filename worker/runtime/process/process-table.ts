import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { every, type Cancel, type Clock } from "../../../lib/clock.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { launch, type Launch } from "./launch.ts";
import { bootId, findMarked, isAlive, readStat, signalGroup } from "./proc.ts";
import type { Sandbox } from "./sandbox.ts";

/** How often processes that are not our children are looked at. */
const ADOPTED_POLL_MS = 500;
/** A full look at an adopted process (is it a zombie, is it another one) comes every so many polls. */
const FULL_CHECK_POLLS = 20;
/** Exit status of a process that nobody saw end: as if killed. */
const EXIT_UNKNOWN = 137;

/** Identity of a task's process, kept on disk. */
interface ProcessRecord {
  readonly taskId: string;
  readonly pid: number;
  readonly startTime: number;
  readonly bootId: string;
}

/** A process that was started; `code` is null while it runs. */
interface Entry {
  readonly record: ProcessRecord;
  readonly ended: Promise<number>;
  readonly settle: (code: number) => void;
  code: number | null;
}

function entryOf(record: ProcessRecord): Entry {
  let resolve: (code: number) => void = () => {};
  const ended = new Promise<number>((done) => {
    resolve = done;
  });
  const entry: Entry = {
    record,
    ended,
    code: null,
    settle(code) {
      entry.code = code;
      resolve(code);
    },
  };
  return entry;
}

export interface ProcessTableOptions {
  /** A private directory for records and exit statuses; made if missing. */
  readonly dir: string;
  /** Mark that tells this worker's processes from another's. */
  readonly worker: string;
  /** What tasks are set apart with; null = nothing. */
  readonly sandbox: Sandbox | null;
}

export interface ProcessTableModules {
  readonly clock: Clock;
  /** Told once of every task whose process has ended. */
  readonly onEnded: (taskId: string) => void;
}

/**
 * The processes of all tasks: started once, known by pid and start time, found again after a restart
 * of swarmd. Their exit statuses come from the kernel for our children, and from the file that the
 * wrapper wrote for those started by an earlier swarmd.
 */
export class ProcessTable {
  readonly #options: ProcessTableOptions;
  readonly #clock: Clock;
  readonly #onEnded: (taskId: string) => void;
  readonly #boot = bootId();
  readonly #entries = new Map<string, Entry>();
  readonly #adopted = new Set<Entry>();
  #stopPolling: Cancel | null = null;
  #polls = 0;

  constructor(options: ProcessTableOptions, { clock, onEnded }: ProcessTableModules) {
    this.#options = options;
    this.#clock = clock;
    this.#onEnded = onEnded;
    mkdirSync(join(options.dir, "exits"), { recursive: true, mode: 0o700 });
    mkdirSync(join(options.dir, "records"), { recursive: true, mode: 0o700 });
  }

  /**
   * Finds the processes of earlier runs. Those of tasks in `known` are taken over; the others, and
   * what an ended task left behind, are killed. Returns the ids of the other tasks.
   */
  async adopt(known: ReadonlySet<string>): Promise<readonly string[]> {
    const others: string[] = [];
    const marked = await findMarked(this.#options.worker);
    for (const name of readdirSync(join(this.#options.dir, "records"))) {
      if (!name.endsWith(".json")) continue;
      const path = join(this.#options.dir, "records", name);
      const record: ProcessRecord = JSON.parse(readFileSync(path, "utf8"));
      if (this.#entries.has(record.taskId)) continue;
      if (known.has(record.taskId)) this.#take(record);
      else others.push(record.taskId);
    }
    for (const found of marked) {
      // swarmd died between the start and the record: the leader of the session is the wrapper.
      if (
        found.pid === found.session &&
        !this.#entries.has(found.taskId) &&
        known.has(found.taskId)
      )
        this.#take(this.#write(found.taskId, found.pid, found.startTime));
    }
    for (const found of marked) {
      const entry = this.#entries.get(found.taskId);
      if (entry?.code === null && entry.record.pid === found.session) continue;
      signalProcess(found.pid, "SIGKILL");
    }
    return others;
  }

  /** Pid of the task's process group, or null when none runs. */
  pid(taskId: string): number | null {
    const entry = this.#entries.get(taskId);
    return entry && entry.code === null ? entry.record.pid : null;
  }

  /** Exit status of an ended task; null when it runs or was never started. */
  exitCode(taskId: string): number | null {
    return this.#entries.get(taskId)?.code ?? null;
  }

  /** Whether the task was ever started here. */
  has(taskId: string): boolean {
    return this.#entries.has(taskId);
  }

  /** Starts a task's process; does nothing when it was started before. */
  async start(request: Launch, output: { stdout: number; stderr: number }): Promise<void> {
    if (this.#entries.has(request.taskId)) return;
    const exit = openSync(this.#exitPath(request.taskId), "w", 0o600);
    let child: ChildProcess;
    try {
      child = await launch(request, { ...output, exit }, this.#options.sandbox);
    } finally {
      closeSync(exit);
    }
    const pid = child.pid ?? 0;
    child.unref();
    let entry: Entry;
    try {
      entry = entryOf(this.#write(request.taskId, pid, readStat(pid)?.startTime ?? 0));
    } catch (error) {
      // Nobody would know of it: better no process than one that no later swarmd finds.
      signalGroup(pid, "SIGKILL");
      throw error;
    }
    this.#entries.set(request.taskId, entry);
    child.once("exit", (code, signal) => {
      const status = signal ? 128 + constants.signals[signal] : (code ?? EXIT_UNKNOWN);
      this.#settle(entry, this.#readExit(request.taskId) ?? status);
    });
  }

  /** Resolves with the exit status of a started task. */
  ended(taskId: string): Promise<number> {
    return this.#entries.get(taskId)?.ended ?? Promise.resolve(EXIT_UNKNOWN);
  }

  /** Signals everything in the task's process group, if it runs. */
  signal(taskId: string, signal: NodeJS.Signals): void {
    const pid = this.pid(taskId);
    if (pid !== null) signalGroup(pid, signal);
  }

  /** Drops what is kept for an ended task. */
  forget(taskId: string): void {
    this.#entries.delete(taskId);
    rmSync(this.#exitPath(taskId), { force: true });
    rmSync(this.#recordPath(taskId), { force: true });
  }

  /** Stops looking after processes; they keep running. */
  close(): void {
    this.#stopPolling?.();
    this.#stopPolling = null;
  }

  #take(record: ProcessRecord): void {
    const entry = entryOf(record);
    this.#entries.set(record.taskId, entry);
    const alive = record.bootId === this.#boot && isAlive(record.pid, record.startTime);
    if (!alive || this.#readExit(record.taskId) !== null) {
      entry.settle(this.#readExit(record.taskId) ?? EXIT_UNKNOWN);
      this.#onEnded(record.taskId);
      return;
    }
    this.#adopted.add(entry);
    this.#stopPolling ??= every(this.#clock, ADOPTED_POLL_MS, () => this.#poll());
  }

  #poll(): void {
    let turn = this.#polls++ % FULL_CHECK_POLLS;
    for (const entry of this.#adopted) {
      const { pid, startTime, taskId } = entry.record;
      const full = turn++ % FULL_CHECK_POLLS === 0;
      const gone = full ? !isAlive(pid, startTime) : !signalProcess(pid, 0);
      const written = statSync(this.#exitPath(taskId), { throwIfNoEntry: false })?.size ?? 0;
      if (gone || written > 0) this.#settle(entry, this.#readExit(taskId) ?? EXIT_UNKNOWN);
    }
    if (this.#adopted.size === 0) this.close();
  }

  /** The wrapper has ended: nothing else of its group may outlive it. */
  #settle(entry: Entry, code: number): void {
    if (entry.code !== null) return;
    this.#adopted.delete(entry);
    signalGroup(entry.record.pid, "SIGKILL");
    entry.settle(code);
    this.#onEnded(entry.record.taskId);
  }

  #write(taskId: string, pid: number, startTime: number): ProcessRecord {
    const record: ProcessRecord = { taskId, pid, startTime, bootId: this.#boot };
    const path = this.#recordPath(taskId);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return record;
  }

  /** The exit status in the wrapper's file; null until its line is complete. */
  #readExit(taskId: string): number | null {
    const path = this.#exitPath(taskId);
    const text = existsSync(path) ? readFileSync(path, "latin1") : "";
    return text.endsWith("\n") ? Number(text) : null;
  }

  #exitPath(taskId: string): string {
    return join(this.#options.dir, "exits", taskId);
  }

  #recordPath(taskId: string): string {
    return join(this.#options.dir, "records", `${taskId}.json`);
  }
}

/** Signals one process (0 only asks); false when it is gone. */
function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // Denied: the pid belongs to somebody else by now.
    if (isErrnoException(error, "ESRCH", "EPERM")) return false;
    throw error;
  }
}
