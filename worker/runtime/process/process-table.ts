import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { every, type Cancel, type Clock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Launched, Launcher } from "./launch.ts";
import { Leftovers } from "./leftovers.ts";
import { endLostCommands } from "./lost-commands.ts";
import { bootId, findMarked, isAlive, programOf } from "./proc.ts";
import { readEnd, UNKNOWN, unwritten, type ProcessEnd } from "./process-end.ts";
import { readRecord, writeRecord, type ProcessRecord } from "./process-record.ts";
import type { CommandLine } from "./sandbox.ts";
import { killGroup, signalGroup, signalProcess } from "./signals.ts";

/** How often processes that are not our children are looked at. */
const ADOPTED_POLL_MS = 500;
/** A full look at an adopted process (is it a zombie, is it another one) comes every so many polls. */
const FULL_CHECK_POLLS = 20;

/** A process that was started; `end` is null while anything of it runs. */
interface Entry {
  readonly record: ProcessRecord;
  readonly ended: Promise<ProcessEnd>;
  readonly settle: (end: ProcessEnd) => void;
  /** The process has ended; what it left behind is being ended. */
  isEnding: boolean;
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
    isEnding: false,
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
  /** Whether no pid namespace holds what a task starts: some of it may leave its group. */
  readonly mayEscape: boolean;
}

export interface ProcessTableModules {
  readonly clock: Clock;
  readonly log: Logger;
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
  readonly #leftovers: Leftovers;
  readonly #boot = bootId();
  readonly #entries = new Map<string, Entry>();
  /** Tasks whose start was given up by whoever carried it out, perhaps half done. */
  readonly #uncertain = new Set<string>();
  readonly #adopted = new Set<Entry>();
  #stopPolling: Cancel | null = null;
  #polls = 0;

  constructor(options: ProcessTableOptions, modules: ProcessTableModules) {
    this.#options = options;
    this.#clock = modules.clock;
    this.#launcher = modules.launcher;
    this.#onEnded = modules.onEnded;
    this.#leftovers = new Leftovers(options.worker, modules);
    mkdirSync(join(options.dir, "exits"), { recursive: true, mode: 0o700 });
    mkdirSync(join(options.dir, "records"), { recursive: true, mode: 0o700 });
  }

  /**
   * Finds the processes of earlier runs. Those of tasks in `known` are taken over; the others,
   * commands whose asker went with the earlier run, and what an ended task left behind, are killed.
   * Returns the ids of the other tasks.
   */
  async adopt(known: ReadonlySet<string>): Promise<readonly string[]> {
    const others: string[] = [];
    // First whatever served a swarmd that has died: it might start one more task.
    await this.#leftovers.endAll(({ taskId }) => taskId === "");
    const marked = await findMarked(this.#options.worker);
    endLostCommands(marked);
    for (const name of readdirSync(join(this.#options.dir, "records"))) {
      if (!name.endsWith(".json")) continue;
      const taskId = name.slice(0, -".json".length);
      if (this.#entries.has(taskId)) continue;
      const record = readRecord(join(this.#options.dir, "records", name));
      if (!known.has(taskId)) others.push(taskId);
      else if (record) this.#take(record);
    }
    for (const { pid, session, startTime, taskId, isCommand } of marked) {
      // swarmd died between the start and the record: the leader of the session is the wrapper.
      const isWrapper = pid === session && !isCommand;
      if (isWrapper && !this.#entries.has(taskId) && known.has(taskId))
        this.#take(this.#write(taskId, pid, startTime));
    }
    // What a running task has set apart from itself is the task's own business.
    await this.#leftovers.endAll(
      ({ taskId }) => !known.has(taskId) || this.#entries.get(taskId)?.end !== null,
    );
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
    if (this.#uncertain.delete(taskId) && (await this.#find(taskId))) return;
    const [exit, record] = [this.#exitPath(taskId), this.#recordPath(taskId)];
    const request = { taskId, bootId: this.#boot, line, ...output, exit, record };
    let launched: Launched;
    try {
      launched = await this.#launcher.launch(request);
    } catch (error) {
      if (!isSwarmError(error, "aborted")) throw error;
      if (await this.#find(taskId)) return;
      // It may have been forked already and become visible only now.
      this.#uncertain.add(taskId);
      throw error;
    }
    const entry = entryOf(launched.record);
    this.#entries.set(taskId, entry);
    let hasRun = false;
    void launched.started.then(() => (hasRun = true));
    void launched.ended.then((code) => {
      if (code === null) this.#adopt(entry);
      else this.#settle(entry, readEnd(this.#exitPath(taskId)) ?? unwritten(code, hasRun));
    });
    // With nobody left to tell of its program, it is as one that was started by an earlier swarmd.
    const lost = launched.ended.then((code) => (code === null ? undefined : entry.ended));
    await Promise.race([launched.started, lost, entry.ended]);
  }

  /** Takes over the process of a task that nobody told us of; false when there is none. */
  async #find(taskId: string): Promise<boolean> {
    const marked = await findMarked(this.#options.worker);
    const found = marked.find(
      ({ pid, session, taskId: id, isCommand }) => pid === session && id === taskId && !isCommand,
    );
    if (found) this.#take(this.#write(taskId, found.pid, found.startTime));
    return found !== undefined;
  }

  /** Resolves when a started task has ended. */
  ended(taskId: string): Promise<ProcessEnd> {
    return this.#entries.get(taskId)?.ended ?? Promise.resolve(UNKNOWN);
  }

  /**
   * Signals the task, if it runs: the program of a sandboxed one, as an engine does, else everything
   * in its process group. SIGKILL ends all that belongs to it. Never reaches a stranger that has its
   * pid by now.
   */
  signal(taskId: string, signal: NodeJS.Signals): void {
    const entry = this.#entries.get(taskId);
    if (!entry || entry.end !== null) return;
    const { pid, startTime } = entry.record;
    if (!isAlive(pid, startTime)) return;
    const program = programOf(pid);
    // The wrapper goes by itself, when the kernel has ended all that its namespace held.
    const inside = signal === "SIGKILL" ? program?.init : program?.pid;
    if (inside) signalProcess(inside, signal);
    else if (program === null || signal === "SIGKILL") signalGroup(pid, signal);
  }

  /** Drops what is kept for an ended task. */
  forget(taskId: string): void {
    this.#entries.delete(taskId);
    this.#uncertain.delete(taskId);
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
    if (!alive || readEnd(this.#exitPath(record.taskId)) !== null) {
      entry.isEnding = true;
      entry.settle(readEnd(this.#exitPath(record.taskId)) ?? UNKNOWN);
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
      const end = gone || written > 0 ? readEnd(this.#exitPath(taskId)) : null;
      if (gone || end) this.#settle(entry, end ?? UNKNOWN);
    }
    if (this.#adopted.size === 0) this.close();
  }

  /** The wrapper has ended: nothing else of its task may outlive it. */
  #settle(entry: Entry, end: ProcessEnd): void {
    if (entry.isEnding) return;
    entry.isEnding = true;
    this.#adopted.delete(entry);
    killGroup(entry.record);
    const { taskId } = entry.record;
    const done = (): void => {
      entry.settle(end);
      this.#onEnded(taskId);
    };
    if (!this.#options.mayEscape) done();
    else void this.#leftovers.end(taskId).then(done);
  }

  #write(taskId: string, pid: number, startTime: number): ProcessRecord {
    const record: ProcessRecord = { taskId, pid, startTime, bootId: this.#boot };
    writeRecord(this.#recordPath(taskId), record);
    return record;
  }

  #exitPath(taskId: string): string {
    return join(this.#options.dir, "exits", taskId);
  }

  #recordPath(taskId: string): string {
    return join(this.#options.dir, "records", `${taskId}.json`);
  }
}
