import { mkdirSync, readdirSync, watch, type FSWatcher } from "node:fs";
import { every, type Cancel, type Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/log.ts";
import { TaskLog } from "./task-log.ts";

/** How often logs are looked at where the kernel cannot tell of changes. */
const FALLBACK_POLL_MS = 1_000;

export interface LogBookOptions {
  /** A private directory; made if missing. */
  readonly dir: string;
  /** Bytes kept per task and stream. */
  readonly bytesMax: number;
}

/** The logs of all tasks in one directory, with one kernel watch for all of them. */
export class LogBook {
  readonly #options: LogBookOptions;
  readonly #modules: { readonly clock: Clock; readonly log: Logger };
  readonly #logs = new Map<string, TaskLog>();
  #watcher: FSWatcher | null = null;
  #stopPolling: Cancel | null = null;

  constructor(options: LogBookOptions, modules: { readonly clock: Clock; readonly log: Logger }) {
    this.#options = options;
    this.#modules = modules;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.#watch();
  }

  /** The task's log, made if there is none. */
  of(taskId: string): TaskLog {
    const known = this.#logs.get(taskId);
    if (known) return known;
    const log = new TaskLog({ ...this.#options, taskId }, this.#modules);
    this.#logs.set(taskId, log);
    return log;
  }

  /** Ids of the tasks that have a log. */
  tasks(): readonly string[] {
    const names = readdirSync(this.#options.dir);
    return [...new Set(names.map((name) => name.slice(0, name.indexOf("."))))];
  }

  /** Deletes the task's log. */
  remove(taskId: string): void {
    this.of(taskId).remove();
    this.#logs.delete(taskId);
  }

  close(): void {
    this.#watcher?.close();
    this.#stopPolling?.();
    for (const log of this.#logs.values()) log.close();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#options.dir, { persistent: false }, (event, name) => {
        // A rename is a file that was made or deleted: neither has brought a line.
        if (event === "rename" || name === null || name.includes(".marks")) return;
        this.#logs.get(name.slice(0, name.lastIndexOf(".")))?.touched();
      });
      this.#watcher.on("error", (error) => this.#poll(error));
    } catch (error) {
      this.#poll(error);
    }
  }

  /** The kernel's watches are used up: timestamps get coarser, nothing else changes. */
  #poll(error: unknown): void {
    this.#modules.log.warn({ err: error }, "no file watch left, logs are polled");
    this.#stopPolling ??= every(this.#modules.clock, FALLBACK_POLL_MS, () => {
      for (const log of this.#logs.values()) log.observe();
    });
  }
}
