import { closeSync } from "node:fs";
import { abortable } from "../../../lib/abort.ts";
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
import type { TemplateScope } from "../template.ts";
import type { LogBook } from "./log-book.ts";
import type { PayloadDir } from "../payload-dir.ts";
import { TASK_MARK, WORKER_MARK } from "./proc.ts";
import { findProgram, planProcess, processSpec, type ProcessPlan } from "./process-plan.ts";
import type { ProcessTable } from "./process-table.ts";
import { readLog } from "./read-log.ts";

/** How long the kernel may take to end a killed group before the step is tried again. */
const KILL_WAIT_MS = 10_000;

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
    const request = { secrets, configs, scope: this.#scope, env: plan.env };
    const payload = taskPayload(request, this.#files);
    this.#modules.payloads.write(id, payload, plan.identity);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!this.#modules.table.has(this.#task.id))
      await this.#modules.starts.run(() => this.#launch(), signal);
  }

  async wait(signal: AbortSignal): Promise<TaskExit> {
    const code = await abortable(this.#modules.table.ended(this.#task.id), signal);
    this.#modules.logs.of(this.#task.id).finish();
    return { code, error: "" };
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    const { table } = this.#modules;
    const { id } = this.#task;
    if (table.pid(id) === null) return;
    const plan = this.#plan();
    table.signal(id, plan.stopSignal);
    if (await this.#endsWithin(plan.stopGraceMs, signal)) return;
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

  #plan(): ProcessPlan {
    return planProcess(processSpec(this.#task), this.#scope);
  }

  async #launch(): Promise<void> {
    const { table, logs, worker } = this.#modules;
    const { id } = this.#task;
    const plan = this.#plan();
    const file = findProgram(plan);
    const [, ...args] = plan.command;
    const env = { ...plan.env, ...this.#payloadEnv(), [TASK_MARK]: id, [WORKER_MARK]: worker };
    const output = logs.of(id).openFiles();
    try {
      const { cwd, identity } = plan;
      await table.start({ taskId: id, file, args, env, cwd, identity }, output);
    } finally {
      closeSync(output.stdout);
      closeSync(output.stderr);
    }
  }

  /** A process has no mounts of its own: it is told where its files are. */
  #payloadEnv(): Readonly<Record<string, string>> {
    const { secrets, configs } = processSpec(this.#task);
    const paths = this.#modules.payloads.paths(this.#task.id);
    return {
      ...(secrets.length > 0 ? { SKEP_SECRETS_DIR: paths.secrets } : {}),
      ...(configs.length > 0 ? { SKEP_CONFIGS_DIR: paths.configs } : {}),
    };
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
