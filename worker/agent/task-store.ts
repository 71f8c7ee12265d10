import { mkdir, rename, rm } from "node:fs/promises";
import { Level } from "level";
import { messageOf, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { codec, make } from "../../proto/codec.ts";
import type { Task, TaskStatus } from "../../proto/generated.ts";

/** A task as it is kept: what was assigned, and where it is. */
export interface StoredTask {
  readonly task: Task;
  readonly status: TaskStatus;
}

/** One change of the task store. */
export type TaskChange =
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "status"; readonly taskId: string; readonly status: TaskStatus }
  /** The task is not assigned any more; its remains are still to be removed. */
  | { readonly kind: "unassigned"; readonly taskId: string }
  | { readonly kind: "removed"; readonly taskId: string };

/** The agent's memory across restarts. */
export interface TaskStore {
  /** Tasks that are assigned, and the ids of those whose removal was not finished. */
  load(): Promise<{
    readonly assigned: readonly StoredTask[];
    readonly unassigned: readonly string[];
  }>;
  /** Resolves when the changes are on disk. Changes are applied in the order of the calls. */
  save(changes: readonly TaskChange[]): Promise<void>;
  close(): Promise<void>;
}

const TASK = "task!";
const STATUS = "status!";
const UNASSIGNED = "unassigned!";

type Database = Level<string, Uint8Array>;
type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: string };

function operationsOf(change: TaskChange): readonly Operation[] {
  switch (change.kind) {
    case "task": {
      const value = codec("Task").encode(change.task);
      return [{ type: "put", key: TASK + change.task.id, value }];
    }
    case "status": {
      const value = codec("TaskStatus").encode(change.status);
      return [{ type: "put", key: STATUS + change.taskId, value }];
    }
    case "unassigned":
      return [{ type: "put", key: UNASSIGNED + change.taskId, value: new Uint8Array() }];
    case "removed":
      return [TASK, STATUS, UNASSIGNED].map((prefix) => ({
        type: "del" as const,
        key: prefix + change.taskId,
      }));
  }
}

/** A task store in LevelDB. Concurrent saves share one synced batch. */
class LevelTaskStore implements TaskStore {
  readonly #db: Database;
  #pending: Operation[] = [];
  #next: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** The last write failed: its log may end in half a record, behind which none would be read. */
  #torn = false;

  constructor(db: Database) {
    this.#db = db;
  }

  async load() {
    const tasks = new Map<string, Task>();
    const statuses = new Map<string, TaskStatus>();
    const unassigned: string[] = [];
    for await (const [key, value] of this.#db.iterator()) {
      const id = key.slice(key.indexOf("!") + 1);
      if (key.startsWith(TASK)) tasks.set(id, codec("Task").decode(value));
      else if (key.startsWith(STATUS)) statuses.set(id, codec("TaskStatus").decode(value));
      else unassigned.push(id);
    }
    for (const id of unassigned) tasks.delete(id);
    const assigned = [...tasks.values()].map((task) => ({
      task,
      status: statuses.get(task.id) ?? task.status ?? make("TaskStatus"),
    }));
    return { assigned, unassigned };
  }

  save(changes: readonly TaskChange[]): Promise<void> {
    for (const change of changes) this.#pending.push(...operationsOf(change));
    // Whatever gathers while a batch is on its way to the disk goes into the next one.
    this.#next ??= this.#writing.then(() => this.#flush());
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#next;
    await this.#db.close();
  }

  #flush(): Promise<void> {
    const operations = this.#pending;
    this.#pending = [];
    this.#next = null;
    const written = this.#write(operations);
    this.#writing = written.catch(() => {}); // whoever saved is told
    return written;
  }

  async #write(operations: readonly Operation[]): Promise<void> {
    try {
      if (this.#torn) await this.#reopen();
      await this.#db.batch([...operations], { sync: true });
    } catch (error) {
      this.#torn = true;
      throw new SwarmError("unavailable", `the task store cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Begins a new log behind all records that are whole. */
  async #reopen(): Promise<void> {
    await this.#db.close();
    await this.#db.open();
    this.#torn = false;
  }
}

/** A database that opens and whose every record can be read; closed again where one cannot. */
async function openWhole(dir: string): Promise<TaskStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const db: Database = new Level(dir, { valueEncoding: "view" });
  await db.open();
  const store = new LevelTaskStore(db);
  try {
    await store.load();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Whether the database cannot be had for now or for us, but may be as whole as ever. */
function isOutOfReach(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code === "LEVEL_LOCKED" || cause?.code === "LEVEL_IO_ERROR";
}

/**
 * Opens the task store in `dir`, made if missing. One whose last writes were cut off by a loss of power
 * ends before them. One that is damaged is put aside, as `dir` with `.damaged` behind it, and an empty
 * one begins: what ran then ends, and the managers assign it anew. Throws `failed-precondition` if it is
 * in use.
 */
export async function openTaskStore(dir: string, log: Logger): Promise<TaskStore> {
  try {
    return await openWhole(dir);
  } catch (error) {
    if (isOutOfReach(error))
      throw new SwarmError("failed-precondition", `the task store in ${dir} cannot be opened`, {
        cause: error,
      });
    const aside = `${dir}.damaged`;
    log.error({ dir, aside, err: error }, "the task store is damaged: it is put aside");
    await rm(aside, { recursive: true, force: true });
    await rename(dir, aside);
    return openWhole(dir);
  }
}
