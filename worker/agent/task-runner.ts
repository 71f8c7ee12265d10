import { linked, onAbort, type Linked } from "../../lib/abort.ts";
import { InvariantError, unreachable } from "../../lib/assert.ts";
import { Bell } from "../../lib/bell.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { make } from "../../proto/codec.ts";
import type { Task, TaskState, TaskStatus } from "../../proto/generated.ts";
import type { Runtime, TaskController, TaskFacts, TaskFiles } from "../runtime/runtime.ts";
import {
  exited,
  failed,
  isClearable,
  nextStep,
  stillRuns,
  succeeded,
  type Progress,
  type Step,
} from "./task-machine.ts";
import type { StoredTask } from "./task-store.ts";

/** How long a step that may succeed another time is left alone. */
const STEP_RETRY_MS = 1_000;
/** Of a step that fails again and again, the log hears so often: there may be a thousand such tasks. */
const STEP_WARN_PERIOD_MS = 60_000;

type Work = Exclude<Step["kind"], "none" | "advance">;

export interface RunnerModules {
  readonly runtime: Pick<Runtime, "controller">;
  readonly files: TaskFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps and reports a new status; resolves when it is kept. */
  readonly record: (task: Task, status: TaskStatus) => Promise<void>;
}

/**
 * Takes one task through its life: asks the machine for the next step, has the runtime carry it
 * out, records where that led.
 */
export class TaskRunner {
  readonly #modules: RunnerModules;
  readonly #bell = new Bell();
  #task: Task;
  #status: TaskStatus;
  #controller: TaskController | null = null;
  /** Clearing was tried: what it left is for whoever releases the task. */
  #cleared = false;
  #current: { readonly kind: Work; readonly link: Linked } | null = null;
  #warnedAt = -Infinity;

  constructor({ task, status }: StoredTask, modules: RunnerModules) {
    this.#task = task;
    this.#status = status;
    this.#modules = modules;
  }

  get task(): Task {
    return this.#task;
  }

  get status(): TaskStatus {
    return this.#status;
  }

  /** The runtime's hold on the task; throws when no runtime here can have one. */
  controller(): TaskController {
    this.#controller ??= this.#modules.runtime.controller(this.#task, this.#modules.files);
    return this.#controller;
  }

  /**
   * Takes over a new version of the task. Its spec never changes and a lower desired state is
   * ignored. A step that no longer leads where the task is wanted is broken off.
   */
  update(task: Task): void {
    const desiredState = Math.max(task.desiredState, this.#task.desiredState) as TaskState;
    this.#task = { ...task, desiredState };
    this.#bell.ring();
    if (this.#current && this.#next().kind !== this.#current.kind) this.#current.link.abort();
  }

  /** Notes why the task does not go on yet; returns its status with that. */
  note(err: string): TaskStatus {
    this.#status = { ...this.#status, err, timestampMs: this.#modules.clock.now() };
    return this.#status;
  }

  /** Runs until `signal` aborts. What the task runs goes on without it. */
  async run(signal: AbortSignal): Promise<void> {
    const release = onAbort(signal, () => this.#bell.ring());
    try {
      for (;;) {
        signal.throwIfAborted();
        const step = this.#next();
        if (step.kind === "none") await this.#rest(signal);
        else if (step.kind === "advance") await this.#record(this.#furthest(step.to), null);
        else await this.#carryOut(step.kind, signal);
      }
    } finally {
      release();
    }
  }

  /** Returns when the desired state may have changed; clears away a task that will not be missed. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#cleared || !isClearable(this.#status.state, this.#task.desiredState))
      return this.#bell.wait();
    this.#cleared = true;
    try {
      await this.controller().remove(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof InvariantError) throw error;
      const { log } = this.#modules;
      log.debug({ taskId: this.#task.id, err: error }, "task is cleared away when it is released");
    }
  }

  #next(): Step {
    return nextStep(this.#status.state, this.#task.desiredState);
  }

  /** States that lead on at once are not worth a write and a report each. */
  #furthest(to: Progress): Progress {
    const next = nextStep(to.state, this.#task.desiredState);
    return next.kind === "advance" ? this.#furthest(next.to) : to;
  }

  async #carryOut(kind: Work, parent: AbortSignal): Promise<void> {
    using link = linked(parent);
    this.#current = { kind, link };
    try {
      const to = await this.#outcome(kind, link.signal);
      // Of a task that was only prepared nothing is to be told yet, of one that goes now nothing more.
      const isTold = kind !== "prepare" && !isClearable(to.state, this.#task.desiredState);
      const facts = isTold ? await this.controller().facts(link.signal) : null;
      await this.#record(this.#furthest(to), facts);
    } catch (error) {
      // Broken off: the machine says what is next.
      if (link.signal.aborted) return;
      if (error instanceof InvariantError) throw error;
      await this.#fail(kind, error, link.signal);
    } finally {
      this.#current = null;
    }
  }

  async #outcome(kind: Work, signal: AbortSignal): Promise<Progress> {
    const controller = this.controller();
    switch (kind) {
      case "prepare":
        await controller.prepare(signal);
        return succeeded(kind);
      case "start":
        await controller.start(signal);
        return succeeded(kind);
      case "wait":
        return exited(await controller.wait(signal));
      case "shutdown":
        await controller.shutdown(signal);
        return succeeded(kind);
      default:
        return unreachable(kind);
    }
  }

  async #fail(kind: Work, error: unknown, signal: AbortSignal): Promise<void> {
    const { clock } = this.#modules;
    const lead = kind === "shutdown" ? stillRuns : failed;
    const { retry, ...to } = lead(this.#status, error);
    this.#warn({ step: kind, retry, err: error });
    // A task that runs is not stained by our losing sight of it for a while.
    if (!retry || kind !== "wait") await this.#record(to, null);
    if (!retry) return;
    try {
      await sleep(clock, STEP_RETRY_MS, signal);
    } catch (reason) {
      if (!signal.aborted) throw reason;
    }
  }

  #warn(failure: { readonly step: Work; readonly retry: boolean; readonly err: unknown }): void {
    const { clock, log } = this.#modules;
    const now = clock.monotonic();
    const isNews = !failure.retry || now - this.#warnedAt >= STEP_WARN_PERIOD_MS;
    if (isNews) this.#warnedAt = now;
    log[isNews ? "warn" : "debug"]({ taskId: this.#task.id, ...failure }, "task step failed");
  }

  async #record(to: Progress, facts: TaskFacts | null): Promise<void> {
    const { state, message, err } = to;
    const before = this.#status;
    if (before.state === state && before.message === message && before.err === err) return;
    const container = facts
      ? make("ContainerStatus", {
          containerId: facts.containerId,
          pid: facts.pid,
          exitCode: facts.exitCode,
        })
      : before.container;
    this.#status = {
      ...before,
      state,
      message,
      err,
      container,
      ports: facts ? facts.ports : before.ports,
      timestampMs: this.#modules.clock.now(),
    };
    await this.#modules.record(this.#task, this.#status);
  }
}
