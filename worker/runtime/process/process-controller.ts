import { abortable, linked } from "../../../lib/abort.ts";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Task } from "../../../proto/generated.ts";
import type { Limit } from "../limit.ts";
import type {
  LogLine,
  LogRead,
  TaskController,
  TaskExit,
  TaskFacts,
  TaskFiles,
} from "../runtime.ts";
import type { NetworkDialer } from "../network-dialer.ts";
import type { ExecRequest, TaskReach } from "../reach.ts";
import type { TemplateScope } from "../template.ts";
import type { LogBook } from "./log-book.ts";
import { toHealthCheck, watchHealth, type Health, type Verdict } from "./health.ts";
import { COMMAND_MARK, hasStartedCommand, programOf, TASK_MARK, WORKER_MARK } from "./proc.ts";
import { planStop, processSpec } from "./process-plan.ts";
import type { ProcessEnd } from "./process-end.ts";
import type { ProcessTable } from "./process-table.ts";
import { taskFor } from "./exec-command.ts";
import { ProcessReach } from "./process-reach.ts";
import { readLog } from "./read-log.ts";
import type { CommandLine } from "./sandbox.ts";
import type { Isolation } from "./isolation.ts";

/** How long the kernel may take to end a killed group before the step is tried again. */
const KILL_WAIT_MS = 10_000;

const unhealthy = ({ says }: Verdict): string => `unhealthy process: ${says}`;
const OUT_OF_MEMORY = "out of memory";

/** Longest a stop waits for a program that is just being started, and how often it looks. */
const COMMAND_START_MAX_MS = 500;
const COMMAND_POLL_MS = 5;

/** What all process tasks of a node share. */
export interface ProcessModules {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly logs: LogBook;
  readonly isolation: Isolation;
  /** Starts under way at a time. */
  readonly starts: Limit;
  /** Value of the mark that tells this worker's processes. */
  readonly worker: string;
  readonly dialer: NetworkDialer;
}

/** One task as a process, under a small shell that keeps its exit status. */
export class ProcessController implements TaskController {
  readonly #task: Task;
  readonly #scope: TemplateScope;
  readonly #files: TaskFiles;
  readonly #modules: ProcessModules;

  constructor(task: Task, scope: TemplateScope, files: TaskFiles, modules: ProcessModules) {
    this.#task = task;
    this.#scope = scope;
    this.#files = files;
    this.#modules = modules;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#modules.table.has(this.#task.id)) return;
    planStop(processSpec(this.#task));
    await this.#modules.isolation.prepare(this.#task, this.#scope, this.#files);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { table, starts } = this.#modules;
    if (!table.has(this.#task.id)) await starts.run(() => this.#launch(), signal);
    refuseFalseStart(table.end(this.#task.id));
    const verdict = await this.#health("starting", ["healthy", "unhealthy"], signal);
    if (verdict?.status === "unhealthy") {
      await this.shutdown(signal);
      throw new SwarmError("failed-precondition", unhealthy(verdict));
    }
    const end = table.end(this.#task.id);
    if (verdict === null && end && end.code !== 0)
      throw new SwarmError("failed-precondition", `task: non-zero exit (${end.code})`);
  }

  async wait(signal: AbortSignal): Promise<TaskExit> {
    const verdict = await this.#health("healthy", ["unhealthy"], signal);
    const sick = verdict?.status === "unhealthy" ? unhealthy(verdict) : "";
    if (sick) await this.shutdown(signal);
    const end = await abortable(this.#modules.table.ended(this.#task.id), signal);
    return { code: end.code, error: sick || this.#errorOf(end) };
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    const { table } = this.#modules;
    const { id } = this.#task;
    if (table.pid(id) === null) return;
    const stop = planStop(processSpec(this.#task));
    await this.#commandStarted(signal);
    table.signal(id, stop.signal);
    if (await this.#endsWithin(stop.graceMs, signal)) return;
    table.signal(id, "SIGKILL");
    if (!(await this.#endsWithin(KILL_WAIT_MS, signal)))
      throw new SwarmError("deadline", "the killed process is still there");
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.shutdown(signal);
    const { table, logs, isolation } = this.#modules;
    await isolation.remove(this.#task.id);
    table.forget(this.#task.id);
    logs.remove(this.#task.id);
  }

  async facts(): Promise<TaskFacts | null> {
    const { table, isolation } = this.#modules;
    const { id } = this.#task;
    if (!table.has(id)) return null;
    const leader = table.pid(id) ?? 0;
    return {
      containerId: "",
      pid: leader === 0 ? 0 : programOf(leader)?.pid || leader,
      exitCode: table.end(id)?.code ?? 0,
      ports: [],
      networkNamespace: isolation.network(id),
    };
  }

  logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine> {
    const { logs, table } = this.#modules;
    const { id } = this.#task;
    const mayGrow = (): boolean => !table.has(id) || table.pid(id) !== null;
    return readLog(logs.of(id), read, mayGrow, signal);
  }

  reach(): TaskReach {
    const { table, isolation } = this.#modules;
    const { id } = this.#task;
    const face = {
      pid: () => table.pid(id),
      ended: () => table.ended(id),
      enter: async (request: ExecRequest, init: number) => {
        const task = taskFor(request, this.#task);
        const line = await isolation.enter(task, this.#scope, init, request.command);
        // By the marks a later swarmd finds what a command left behind.
        const marks = { ...this.#marks(), [COMMAND_MARK]: "1" };
        return { ...line, env: { ...line.env, ...marks } };
      },
    };
    return new ProcessReach(face, this.#modules);
  }

  /**
   * Probes until the health is one of `wanted`. Null when the task ends before; "healthy" at once
   * for a task without a check.
   */
  async #health(
    from: Health["status"],
    wanted: readonly Health["status"][],
    parent: AbortSignal,
  ): Promise<Verdict | null> {
    const check = toHealthCheck(processSpec(this.#task).healthcheck);
    if (!check) return { status: "healthy", says: "" };
    const { clock, table } = this.#modules;
    const command = (): Promise<CommandLine> => this.#probe(check.command);
    using link = linked(parent);
    const ended = table.ended(this.#task.id).then(() => link.abort());
    try {
      const before: Health = { status: from, streak: 0 };
      return await watchHealth(before, wanted, check, { clock, command }, link.signal);
    } catch (error) {
      parent.throwIfAborted();
      if (!link.signal.aborted) throw error;
      await ended;
      return null;
    }
  }

  /** A command line that checks the task's health with `command`. Nobody but us waits for it. */
  async #probe(command: readonly string[]): Promise<CommandLine> {
    const { table, isolation, worker } = this.#modules;
    const leader = table.pid(this.#task.id);
    const init = leader === null ? 0 : (programOf(leader)?.init ?? 0);
    const line = await isolation.enter(this.#task, this.#scope, init, command);
    return { ...line, env: { ...line.env, [WORKER_MARK]: worker } };
  }

  async #launch(): Promise<void> {
    const { table, logs, isolation } = this.#modules;
    const { id } = this.#task;
    const line = await isolation.start(this.#task, this.#scope, this.#files, this.#marks());
    const log = logs.of(id);
    await table.start(id, line, { stdout: log.path("stdout"), stderr: log.path("stderr") });
  }

  /** Variables that tell whose task a process is. */
  #marks(): Readonly<Record<string, string>> {
    return { [TASK_MARK]: this.#task.id, [WORKER_MARK]: this.#modules.worker };
  }

  /** Why an end counts as a failure, whatever the exit status. */
  #errorOf({ code, complaint }: ProcessEnd): string {
    if (complaint !== "") return complaint;
    if (code === 0) return "";
    return this.#modules.isolation.oomKills(this.#task.id) > 0 ? OUT_OF_MEMORY : "";
  }

  /** A stop signal right after the start must reach the task's program, not its wrapper only. */
  async #commandStarted(signal: AbortSignal): Promise<void> {
    const { clock, table } = this.#modules;
    for (let waited = 0; waited < COMMAND_START_MAX_MS; waited += COMMAND_POLL_MS) {
      const pid = table.pid(this.#task.id);
      if (pid === null || hasStartedCommand(pid)) return;
      await sleep(clock, COMMAND_POLL_MS, signal);
    }
  }

  /** Waits for the end at most `ms`; returns whether it came. */
  async #endsWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const { clock, table } = this.#modules;
    const deadline = new AbortController();
    const passed = sleep(clock, ms, deadline.signal).then(
      () => false,
      () => false,
    );
    const ended = table.ended(this.#task.id).then(() => true);
    try {
      return await abortable(Promise.race([ended, passed]), signal);
    } finally {
      deadline.abort();
    }
  }
}

/** Throws when the task's program never ran. */
function refuseFalseStart(end: ProcessEnd | null): void {
  if (end && end.complaint !== "")
    throw new SwarmError("failed-precondition", `starting the process failed: ${end.complaint}`);
}
