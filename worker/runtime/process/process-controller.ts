import { closeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
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
import { taskPayload } from "../task-payload.ts";
import type { TaskReach } from "../reach.ts";
import type { TemplateScope } from "../template.ts";
import type { LogBook } from "./log-book.ts";
import type { PayloadDir } from "../payload-dir.ts";
import { toHealthCheck, watchHealth, type Health } from "./health.ts";
import { hasStartedCommand, TASK_MARK, WORKER_MARK } from "./proc.ts";
import {
  findProgram,
  planProcess,
  planStop,
  processSpec,
  type ProcessPlan,
} from "./process-plan.ts";
import type { ProcessTable } from "./process-table.ts";
import { ProcessReach } from "./process-reach.ts";
import { readLog } from "./read-log.ts";

/** How long the kernel may take to end a killed group before the step is tried again. */
const KILL_WAIT_MS = 10_000;

const UNHEALTHY = "unhealthy process";

/** Longest a stop waits for a program that is just being started, and how often it looks. */
const COMMAND_START_MAX_MS = 500;
const COMMAND_POLL_MS = 5;

/** What all process tasks of a node share. */
export interface ProcessModules {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly logs: LogBook;
  readonly payloads: PayloadDir;
  readonly starts: Limit;
  /** Value of the mark that tells this worker's processes. */
  readonly worker: string;
}

/** One task as a process of its own session, under a small shell that keeps its exit status. */
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
    const { id } = this.#task;
    if (this.#modules.table.has(id)) return;
    const { secrets, configs } = processSpec(this.#task);
    const plan = this.#plan();
    planStop(processSpec(this.#task));
    const request = { secrets, configs, scope: this.#scope, env: plan.env };
    const payload = taskPayload(request, this.#files);
    this.#modules.payloads.write(id, payload, plan.identity);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { table, starts } = this.#modules;
    if (!table.has(this.#task.id)) await starts.run(() => this.#launch(), signal);
    const status = await this.#health("starting", ["healthy", "unhealthy"], signal);
    if (status === "unhealthy") {
      await this.shutdown(signal);
      throw new SwarmError("failed-precondition", UNHEALTHY);
    }
    const code = table.exitCode(this.#task.id);
    if (status === null && code !== null && code !== 0)
      throw new SwarmError("failed-precondition", `task: non-zero exit (${code})`);
  }

  async wait(signal: AbortSignal): Promise<TaskExit> {
    const status = await this.#health("healthy", ["unhealthy"], signal);
    if (status === "unhealthy") await this.shutdown(signal);
    const code = await abortable(this.#modules.table.ended(this.#task.id), signal);
    return { code, error: status === "unhealthy" ? UNHEALTHY : "" };
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
    const { table, logs, payloads } = this.#modules;
    table.forget(this.#task.id);
    logs.remove(this.#task.id);
    payloads.remove(this.#task.id);
  }

  async facts(): Promise<TaskFacts | null> {
    const { table } = this.#modules;
    const { id } = this.#task;
    if (!table.has(id)) return null;
    const exitCode = table.exitCode(id) ?? 0;
    return { containerId: "", pid: table.pid(id) ?? 0, exitCode, ports: [] };
  }

  logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine> {
    const { logs, table } = this.#modules;
    const { id } = this.#task;
    const mayGrow = (): boolean => !table.has(id) || table.pid(id) !== null;
    return readLog(logs.of(id), read, mayGrow, signal);
  }

  reach(): TaskReach {
    const { table, clock } = this.#modules;
    const { id } = this.#task;
    const face = {
      pid: () => table.pid(id),
      ended: () => table.ended(id),
      env: () => this.#env(),
      cwd: () => this.#plan().cwd,
      identity: () => this.#plan().identity,
    };
    return new ProcessReach(face, clock);
  }

  /**
   * Probes until the health is one of `wanted`. Null when the task ends before; "healthy" at once
   * for a task without a check.
   */
  async #health(
    from: Health["status"],
    wanted: readonly Health["status"][],
    parent: AbortSignal,
  ): Promise<Health["status"] | null> {
    const check = toHealthCheck(processSpec(this.#task).healthcheck);
    if (!check) return "healthy";
    const { clock, table } = this.#modules;
    const modules = { clock, context: { ...this.#plan(), env: this.#env() } };
    using link = linked(parent);
    const ended = table.ended(this.#task.id).then(() => link.abort());
    try {
      return await watchHealth({ status: from, streak: 0 }, wanted, check, modules, link.signal);
    } catch (error) {
      parent.throwIfAborted();
      if (!link.signal.aborted) throw error;
      await ended;
      return null;
    }
  }

  #plan(): ProcessPlan {
    return planProcess(processSpec(this.#task), this.#scope);
  }

  async #launch(): Promise<void> {
    const { table, logs } = this.#modules;
    const { id } = this.#task;
    const plan = this.#plan();
    const file = findProgram(plan);
    const [, ...args] = plan.command;
    const env = this.#env();
    const output = logs.of(id).openFiles();
    try {
      const { cwd, identity } = plan;
      await table.start({ taskId: id, file, args, env, cwd, identity }, output);
    } finally {
      closeSync(output.stdout);
      closeSync(output.stderr);
    }
    // Node spawns without letting the event loop turn: hundreds in a row would keep it from
    // answering the manager's pings, and the node would be taken for dead.
    await setImmediate();
  }

  /** The spec's environment and our marks. Without mounts, a process is told where its files are. */
  #env(): Readonly<Record<string, string>> {
    const { payloads, worker } = this.#modules;
    const { secrets, configs } = processSpec(this.#task);
    const paths = payloads.paths(this.#task.id);
    return {
      ...this.#plan().env,
      [TASK_MARK]: this.#task.id,
      [WORKER_MARK]: worker,
      ...(secrets.length > 0 ? { SKEP_SECRETS_DIR: paths.secrets } : {}),
      ...(configs.length > 0 ? { SKEP_CONFIGS_DIR: paths.configs } : {}),
    };
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
