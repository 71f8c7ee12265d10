import { cancelled, onAbort } from "../../lib/abort.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { retry, type RetryOptions } from "../../lib/retry.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import { TaskState, type Task, type TaskStatus } from "../../proto/generated.ts";
import type { Runtime, TaskController, TaskFiles } from "../runtime/runtime.ts";
import type { NodeVolumes } from "../volumes/node-volumes.ts";
import type { Assignments, TaskChanges } from "./assignments.ts";
import type { Reporter } from "./reporter.ts";
import { TaskRunner } from "./task-runner.ts";
import type { StoredTask, TaskChange, TaskStore } from "./task-store.ts";

/** How long a runtime that is not there yet is waited for: about eight minutes. */
const ADOPTION: RetryOptions = {
  backoff: { firstMs: 250, maxMs: 5_000, factor: 2 },
  attemptsMax: 100,
};
/** How removals are tried: about five minutes in all. */
const REMOVAL: RetryOptions = {
  backoff: { firstMs: 1_000, maxMs: 30_000, factor: 2 },
  attemptsMax: 15,
  when: () => true,
};

export interface TaskSetModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: Runtime;
  readonly store: TaskStore;
  readonly reporter: Reporter;
  readonly assignments: Assignments;
  readonly volumes: Pick<NodeVolumes, "apply" | "path">;
}

/** How often a disk that takes no writes is tried again with a task that is new. */
const SAVE_RETRY_MS = 5_000;

/** A task in hand, with the scope of its loop. */
interface Held {
  readonly runner: TaskRunner;
  readonly scope: Scope;
}

function filesOf(
  task: Task,
  { assignments, volumes }: Pick<TaskSetModules, "assignments" | "volumes">,
): TaskFiles {
  const allowed = allowedFiles(task);
  const get = <T>(what: string, id: string, value: T | undefined): T => {
    if (!allowed.has(id))
      throw new SwarmError("denied", `task not authorized to access ${what} ${id}`);
    if (value !== undefined) return value;
    if (assignments.has(task.id))
      throw new SwarmError("not-found", `${what} ${id} is not in the swarm any more`);
    throw new SwarmError("unavailable", `${what} ${id} has not come from the managers yet`);
  };
  return {
    secret: (id) => get("secret", id, assignments.secret(id)),
    config: (id) => get("config", id, assignments.config(id)),
    volume: (id) => volumes.path(id),
  };
}

function allowedFiles({ spec }: Task): ReadonlySet<string> {
  const ids = new Set(spec?.resourceReferences ?? []);
  const files =
    spec?.runtime === "container" ? spec.container : spec?.runtime === "process" && spec.process;
  if (!files) return ids;
  for (const { secretId } of files.secrets) ids.add(secretId);
  for (const { configId } of files.configs) ids.add(configId);
  return ids;
}

/**
 * Where a task begins on this node: why it waited for one is over. One that the managers have ended
 * keeps their reason.
 */
function firstStatus({ status }: Task): TaskStatus {
  const known = status ?? make("TaskStatus");
  return known.state > TaskState.RUNNING ? known : { ...known, err: "" };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => onAbort(signal, resolve));
}

/** All tasks of this node: keeps them, runs them, removes those that are assigned no more. */
export class TaskSet {
  readonly #modules: TaskSetModules;
  readonly #scope: Scope;
  readonly #held = new Map<string, Held>();
  readonly #listeners = new Set<(runner: TaskRunner) => void>();

  constructor(modules: TaskSetModules, signal: AbortSignal) {
    this.#modules = modules;
    this.#scope = new Scope(signal);
  }

  /** Takes up what an earlier run left: goes on with assigned tasks, ends all others. */
  async open(): Promise<void> {
    const { store, runtime } = this.#modules;
    const { assigned, unassigned } = await store.load();
    const { signal } = this.#scope;
    const known = new Set(assigned.map(({ task }) => task.id));
    await retry(() => runtime.adopt(known, signal), ADOPTION, this.#modules, signal);
    await store.save(unassigned.map((taskId) => ({ kind: "removed", taskId })));
    for (const stored of assigned) this.#hold(stored, true);
  }

  /**
   * Does what an assignments message asks. On a disk that takes no writes, what runs goes on and ends
   * as it is told, and only tasks that are new wait: begun without a note, one could begin twice.
   */
  async apply({ complete, updated, removed, volumes }: TaskChanges): Promise<void> {
    const gone = new Set(removed);
    if (complete) {
      const kept = new Set(updated.map((task) => task.id));
      for (const id of this.#held.keys()) if (!kept.has(id)) gone.add(id);
    }
    const changes: TaskChange[] = updated.map((task) => ({ kind: "task", task }));
    for (const taskId of gone) changes.push({ kind: "unassigned", taskId });
    const isSaved = await this.#save(changes);
    this.#modules.volumes.apply(volumes);
    for (const task of updated) {
      const held = this.#held.get(task.id);
      if (held) held.runner.update(task);
      else this.#hold({ task, status: firstStatus(task) }, isSaved);
    }
    for (const taskId of gone) this.#release(taskId);
  }

  /** The runner of a task on this node. */
  get(taskId: string): TaskRunner | undefined {
    return this.#held.get(taskId)?.runner;
  }

  /** All runners. */
  runners(): readonly TaskRunner[] {
    return [...this.#held.values()].map(({ runner }) => runner);
  }

  /** Tells of every task that comes to this node from now on; returns the unsubscriber. */
  onTask(listener: (runner: TaskRunner) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reports every task anew, as a leader that never heard of them needs. */
  reportAll(): void {
    for (const { task, status } of this.runners()) this.#modules.reporter.report(task, status);
  }

  /** Removes every task and waits until nothing is left of any. */
  async clear(): Promise<void> {
    await this.apply({ complete: true, updated: [], removed: [], volumes: [] });
    await this.#scope.join();
  }

  /** Serves until the set's signal aborts; throws what broke a task's loop. Tasks run on. */
  async run(): Promise<void> {
    this.#scope.run(untilAborted);
    await this.#scope.join();
  }

  #hold(stored: StoredTask, isSaved: boolean): void {
    const { runtime, clock, log } = this.#modules;
    const runner = new TaskRunner(stored, {
      runtime,
      clock,
      log,
      files: filesOf(stored.task, this.#modules),
      record: (task, status) => this.#record(task, status),
    });
    const scope = new Scope(this.#scope.signal);
    this.#held.set(stored.task.id, { runner, scope });
    scope.run(async (signal) => {
      if (!isSaved) await this.#untilSaved(runner, signal);
      await runner.run(signal);
    });
    this.#scope.run(() => scope.join());
    for (const listener of this.#listeners) listener(runner);
  }

  /** Whether the changes are on disk; false when it takes none at the moment. */
  async #save(changes: readonly TaskChange[]): Promise<boolean> {
    const { store, log } = this.#modules;
    try {
      await store.save(changes);
      return true;
    } catch (error) {
      if (!isSwarmError(error, "unavailable")) throw error;
      log.error({ err: error }, "assignments could not be stored: tasks that are new wait");
      return false;
    }
  }

  /** Returns when the task is on disk, or is to end anyway; its status says what it waits for. */
  async #untilSaved(runner: TaskRunner, signal: AbortSignal): Promise<void> {
    const { store, reporter, clock } = this.#modules;
    while (runner.task.desiredState < TaskState.SHUTDOWN) {
      try {
        await store.save([{ kind: "task", task: runner.task }]);
        return;
      } catch (error) {
        if (!isSwarmError(error, "unavailable")) throw error;
        reporter.report(runner.task, runner.note(error.message));
      }
      await sleep(clock, SAVE_RETRY_MS, signal);
    }
  }

  async #record(task: Task, status: TaskStatus): Promise<void> {
    const { store, reporter, log } = this.#modules;
    const { id: taskId } = task;
    try {
      await store.save([{ kind: "status", taskId, status }]);
    } catch (error) {
      // A full disk must not keep the managers from knowing; only a restart now would repeat work.
      log.error({ taskId, err: error }, "task status could not be stored");
    }
    reporter.report(task, status);
  }

  #release(taskId: string): void {
    const held = this.#held.get(taskId);
    if (!held) return;
    this.#held.delete(taskId);
    this.#scope.run(async (signal) => {
      await held.scope.close(cancelled("the task is not assigned any more"));
      await this.#remove(held.runner, signal);
      this.#modules.reporter.forget(taskId);
      await this.#forget(taskId);
    });
  }

  async #forget(taskId: string): Promise<void> {
    const { store, log } = this.#modules;
    try {
      await store.save([{ kind: "removed", taskId }]);
    } catch (error) {
      log.error({ taskId, err: error }, "removed task stays in the store until the next start");
    }
  }

  async #remove(runner: TaskRunner, signal: AbortSignal): Promise<void> {
    const { log } = this.#modules;
    const taskId = runner.task.id;
    let controller: TaskController;
    try {
      controller = runner.controller();
    } catch (error) {
      log.debug({ taskId, err: error }, "nothing to remove of a task that was refused");
      return;
    }
    try {
      await retry(() => controller.remove(signal), REMOVAL, this.#modules, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.error({ taskId, err: error }, "task could not be removed, its remains go at next start");
    }
  }
}
