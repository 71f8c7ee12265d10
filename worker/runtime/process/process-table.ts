import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { every, type Cancel, type Clock } from "../../../lib/clock.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import type { Launched, Launcher } from "./launch.ts";
import { bootId, findMarked, isAlive, programOf, signalGroup } from "./proc.ts";
import { EXIT_UNKNOWN, readRecord, writeRecord, type ProcessRecord } from "./process-record.ts";
import type { CommandLine } from "./sandbox.ts";

/** How often processes that are not our children are looked at. */
const ADOPTED_POLL_MS = 500;
/** A full look at an adopted process (is it a zombie, is it another one) comes every so many polls. */
const FULL_CHECK_POLLS = 20;
/** How a task's process ended. */
export interface ProcessEnd {
  readonly code: number;
  /** Why its program never ran; empty when it did. */
  readonly complaint: string;
}

const UNKNOWN: ProcessEnd = { code: EXIT_UNKNOWN, complaint: "" };

/** A process that was started; `end` is null while it runs. */
interface Entry {
  readonly record: ProcessRecord;
  readonly ended: Promise<ProcessEnd>;
  readonly settle: (end: ProcessEnd) => void;
  end: ProcessEnd | null;
}

function entryOf(record: ProcessRecord): Entry {
  let resolve: (end: ProcessEnd) => void = () => {};
  const ended = new Promise<ProcessEnd>((done) => {
    resolve = done;
  });
  const entry: Entry = {
    record,
    ended,
    end: null,
    settle(end) {
      entry.end = end;
      resolve(end);
    },
  };
  return entry;
}

export interface ProcessTableOptions {
  /** A private directory for records and exit statuses; made if missing. */
  readonly dir: string;
  /** Mark that tells this worker's processes from another's. */
  readonly worker: string;
}

export interface ProcessTableModules {
  readonly clock: Clock;
  readonly launcher: Launcher;
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
  readonly #launcher: Launcher;
  readonly #onEnded: (taskId: string) => void;
  readonly #boot = bootId();
  readonly #entries = new Map<string, Entry>();
  readonly #adopted = new Set<Entry>();
  #stopPolling: Cancel | null = null;
  #polls = 0;

  constructor(options: ProcessTableOptions, { clock, launcher, onEnded }: ProcessTableModules) {
    this.#options = options;
    this.#clock = clock;
    this.#launcher = launcher;
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
      const record = readRecord(path);
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
      // What a running task has set apart from itself is the task's own business.
      if (this.#entries.get(found.taskId)?.end !== null) signalProcess(found.pid, "SIGKILL");
    }
    return others;
  }

  /** Pid of the task's process group, or null when none runs. */
  pid(taskId: string): number | null {
    const entry = this.#entries.get(taskId);
    return entry?.end === null ? entry.record.pid : null;
  }

  /** How an ended task ended; null when it runs or was never started. */
  end(taskId: string): ProcessEnd | null {
    return this.#entries.get(taskId)?.end ?? null;
  }

  /** Whether the task was ever started here. */
  has(taskId: string): boolean {
    return this.#entries.has(taskId);
  }

  /**
   * Starts a task's process; does nothing when it was started before. Its output is appended to the
   * files at the paths of `output`. Resolves when its program runs, or has failed to.
   */
  async start(
    taskId: string,
    line: CommandLine,
    output: { readonly stdout: string; readonly stderr: string },
  ): Promise<void> {
    if (this.#entries.has(taskId)) return;
    const [exit, record] = [this.#exitPath(taskId), this.#recordPath(taskId)];
    const request = { taskId, bootId: this.#boot, line, ...output, exit, record };
    let launched: Launched;
    try {
      launched = await this.#launcher.launch(request);
    } catch (error) {
      if (isSwarmError(error, "aborted") && (await this.#find(taskId))) return;
      throw error;
    }
    const entry = entryOf(launched.record);
    this.#entries.set(taskId, entry);
    void launched.ended.then((code) => {
      if (code === null) this.#adopt(entry);
      else this.#settle(entry, this.#readExit(taskId) ?? { code, complaint: "" });
    });
    await Promise.race([launched.started, entry.ended]);
  }

  /** Takes over the process of a task that nobody told us of; false when there is none. */
  async #find(taskId: string): Promise<boolean> {
    const marked = await findMarked(this.#options.worker);
    const found = marked.find(({ pid, session, taskId: id }) => pid === session && id === taskId);
    if (found) this.#take(this.#write(taskId, found.pid, found.startTime));
    return found !== undefined;
  }

  /** Resolves when a started task has ended. */
  ended(taskId: string): Promise<ProcessEnd> {
    return this.#entries.get(taskId)?.ended ?? Promise.resolve(UNKNOWN);
  }

  /**
   * Signals the task, if it runs: the program of a sandboxed one, as an engine does, else everything
   * in its process group. SIGKILL ends all that belongs to it.
   */
  signal(taskId: string, signal: NodeJS.Signals): void {
    const pid = this.pid(taskId);
    if (pid === null) return;
    const program = signal === "SIGKILL" ? null : programOf(pid);
    if (program === null) signalGroup(pid, signal);
    else if (program.pid > 0) signalProcess(program.pid, signal);
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
      entry.settle(this.#readExit(record.taskId) ?? UNKNOWN);
      this.#onEnded(record.taskId);
      return;
    }
    this.#adopt(entry);
  }

  /** From now on somebody has to look whether it still runs. */
  #adopt(entry: Entry): void {
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
      const end = gone || written > 0 ? this.#readExit(taskId) : null;
      if (gone || end) this.#settle(entry, end ?? UNKNOWN);
    }
    if (this.#adopted.size === 0) this.close();
  }

  /** The wrapper has ended: nothing else of its group may outlive it. */
  #settle(entry: Entry, end: ProcessEnd): void {
    if (entry.end !== null) return;
    this.#adopted.delete(entry);
    signalGroup(entry.record.pid, "SIGKILL");
    entry.settle(end);
    this.#onEnded(entry.record.taskId);
  }

  #write(taskId: string, pid: number, startTime: number): ProcessRecord {
    const record: ProcessRecord = { taskId, pid, startTime, bootId: this.#boot };
    writeRecord(this.#recordPath(taskId), record);
    return record;
  }

  /** What the wrapper's file says; null until its last line, the exit status, is there. */
  #readExit(taskId: string): ProcessEnd | null {
    const path = this.#exitPath(taskId);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const last = /(?:^|\n)(\d{1,3})\n$/.exec(text);
    if (!last) return null;
    return { code: Number(last[1]), complaint: text.slice(0, last.index).trim() };
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
