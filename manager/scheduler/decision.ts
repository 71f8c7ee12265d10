import { codec } from "../../proto/codec.ts";
import { TaskState, type Task, type TaskSpec } from "../../proto/generated.ts";
import type { Transaction } from "../store/transaction.ts";
import type { Placement } from "./group-pass.ts";

/** What is written about one task: where it goes, or why it waits. */
export type Decision = Placement | { readonly task: Task; readonly err: string };

/** Tasks decided in one transaction: what is applied in one go must not take long. */
const DECISIONS_PER_TRANSACTION_MAX = 128;

/** Bytes of one transaction, well below what the store refuses. */
const TRANSACTION_BYTES_TARGET = 1 << 20;

/** Decisions that go into one transaction. */
export class DecisionBatch {
  #decisions: Decision[] = [];
  #bytes = 0;
  #spec: TaskSpec | null = null;
  #bytesEach = 0;

  get isEmpty(): boolean {
    return this.#decisions.length === 0;
  }

  /** Adds a decision; returns whether the batch is full. */
  add(decision: Decision): boolean {
    const { task } = decision;
    // Tasks of one group come one after the other, and they are alike.
    if (this.#bytesEach === 0 || task.spec !== this.#spec) {
      this.#spec = task.spec;
      this.#bytesEach = codec("Task").encode(task).length;
    }
    this.#bytes += this.#bytesEach;
    this.#decisions.push(decision);
    return (
      this.#decisions.length >= DECISIONS_PER_TRANSACTION_MAX ||
      this.#bytes >= TRANSACTION_BYTES_TARGET
    );
  }

  /** Hands out the decisions and starts anew. */
  take(): readonly Decision[] {
    const decisions = this.#decisions;
    this.#decisions = [];
    this.#bytes = 0;
    return decisions;
  }
}

/** Whether `task` is one that a scheduler must find a node for. */
export function isPending(task: Task): boolean {
  return task.status?.state === TaskState.PENDING && task.desiredState <= TaskState.COMPLETE;
}

/** Name of the external scheduler that is to place `task`; empty = ours. */
export function schedulerOf(task: Task): string {
  return task.spec?.placement?.scheduler ?? "";
}

/** What a task says that waits for another scheduler. */
export function waitingForScheduler(task: Task): string {
  return `waiting for the scheduler "${schedulerOf(task)}"`;
}

/**
 * Writes decisions on tasks that still want one; what became of the others is not the
 * scheduler's to say.
 * @returns the placements that are written
 */
export function writeDecisions(
  tx: Transaction,
  decisions: readonly Decision[],
  nowMs: number,
): ReadonlySet<Decision> {
  const placed = new Set<Decision>();
  for (const decision of decisions) {
    const current = tx.view.task.get(decision.task.id);
    if (!current || !isPending(current) || current.nodeId !== decision.task.nodeId) continue;
    if (!("err" in decision)) {
      // Its node may have been removed meanwhile.
      if (!tx.view.node.get(decision.nodeId)) continue;
      tx.update("task", assigned(current, decision, nowMs));
      placed.add(decision);
    } else if (current.status && current.status.err !== decision.err)
      tx.update("task", { ...current, status: { ...current.status, err: decision.err } });
  }
  return placed;
}

const ASSIGNED = "scheduler assigned task to node";
const CONFIRMED = "scheduler confirmed task can run on preassigned node";

function assigned(
  task: Task,
  { nodeId, genericResources, volumes }: Placement,
  nowMs: number,
): Task {
  return {
    ...task,
    nodeId,
    assignedGenericResources: genericResources,
    volumes,
    status: task.status && {
      ...task.status,
      state: TaskState.ASSIGNED,
      message: task.nodeId === "" ? ASSIGNED : CONFIRMED,
      err: "",
      timestampMs: nowMs,
    },
  };
}
