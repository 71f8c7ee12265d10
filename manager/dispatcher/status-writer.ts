import { SwarmError } from "../../lib/errors.ts";
import { TaskState, type Task, type TaskStatus } from "../../proto/generated.ts";
import type { Transaction } from "../store/transaction.ts";
import { CHANGES_PER_TRANSACTION_MAX, type DispatcherModules } from "./options.ts";

/** Reports waiting to be written; an agent beyond that is told to slow down. */
const QUEUE_MAX = 100_000;

interface Report {
  readonly status: TaskStatus;
  readonly waiters: Set<Batch>;
}

/** One call's reports: settled when the last of them is written. */
interface Batch {
  open: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Whether `next` says something that `current` does not. Observed states never go back. */
function isNews(current: TaskStatus | null, next: TaskStatus): boolean {
  if (!current) return true;
  if (next.state !== current.state) return next.state > current.state;
  return (
    next.message !== current.message ||
    next.err !== current.err ||
    JSON.stringify(next.container) !== JSON.stringify(current.container) ||
    JSON.stringify(next.ports) !== JSON.stringify(current.ports)
  );
}

/**
 * Writes what agents report. While one transaction is on its way, further reports gather for the
 * next: the busier the cluster, the larger the batches, without any fixed wait.
 */
export class StatusWriter {
  readonly #modules: DispatcherModules;
  readonly #managerId: string;
  #queue = new Map<string, Report>();
  #writing = false;

  constructor(managerId: string, modules: DispatcherModules) {
    this.#managerId = managerId;
    this.#modules = modules;
  }

  /**
   * Records the latest status of each task. Resolves when all are committed, so that an agent
   * that got no answer reports again.
   */
  report(
    updates: readonly { readonly taskId: string; readonly status: TaskStatus }[],
  ): Promise<void> {
    if (updates.length === 0) return Promise.resolve();
    if (this.#queue.size + updates.length > QUEUE_MAX)
      throw new SwarmError("exhausted", `${this.#queue.size} task reports are waiting; try again`);
    return new Promise((resolve, reject) => {
      const batch: Batch = { open: updates.length, resolve, reject };
      for (const { taskId, status } of updates) this.#enqueue(taskId, status, batch);
      if (!this.#writing) void this.#drain();
    });
  }

  #enqueue(taskId: string, status: TaskStatus, batch: Batch): void {
    const waiting = this.#queue.get(taskId);
    const waiters = waiting?.waiters ?? new Set<Batch>();
    if (waiters.has(batch)) batch.open--;
    waiters.add(batch);
    const latest = waiting && waiting.status.state > status.state ? waiting.status : status;
    this.#queue.set(taskId, { status: latest, waiters });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#queue.size > 0) {
      const slice = [...this.#queue].slice(0, CHANGES_PER_TRANSACTION_MAX);
      for (const [taskId] of slice) this.#queue.delete(taskId);
      let failure: { readonly error: unknown } | undefined;
      try {
        await this.#modules.store.update((tx) => {
          for (const [taskId, report] of slice) this.#write(tx, taskId, report.status);
        });
      } catch (error) {
        failure = { error };
      }
      for (const [, report] of slice) for (const batch of report.waiters) settle(batch, failure);
    }
    this.#writing = false;
  }

  #write(tx: Transaction, taskId: string, status: TaskStatus): void {
    const task: Task | undefined = tx.view.task.get(taskId);
    if (!task || !isNews(task.status, status)) return;
    const now = this.#modules.clock.now();
    const applied = { ...status, appliedBy: this.#managerId, appliedAtMs: now };
    tx.update("task", { ...task, status: applied });
  }
}

function settle(batch: Batch, failure: { readonly error: unknown } | undefined): void {
  if (failure) batch.reject(failure.error);
  else if (--batch.open === 0) batch.resolve();
}

/** A report no agent may make: desired-only states, and states before it took the task over. */
export function isReportable(state: TaskState): boolean {
  return state >= TaskState.ASSIGNED && state !== TaskState.REMOVE && state !== TaskState.ORPHANED;
}
