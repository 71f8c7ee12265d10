import type { Clock } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";
import type { Random } from "../../lib/random.ts";
import { make } from "../../proto/codec.ts";
import { TaskState, type Task } from "../../proto/generated.ts";
import type { Transaction } from "../store/transaction.ts";
import type { Draft } from "./draft.ts";
import { stateOf } from "./task-state.ts";

/**
 * A task that is to stop before any node has it has stopped: there is no agent to say so. Others as
 * they are.
 */
function settled(task: Task, nowMs: number): Task {
  if (task.desiredState < TaskState.SHUTDOWN || stateOf(task) >= TaskState.ASSIGNED) return task;
  const status = make("TaskStatus", {
    state: TaskState.SHUTDOWN,
    message: "shut down before a node had it",
    err: task.status?.err ?? "",
    timestampMs: nowMs,
    appliedAtMs: nowMs,
  });
  return { ...task, status };
}

/** Puts the changes of `draft` into `tx`; new tasks get their ids here. */
export function applyDraft(
  draft: Draft,
  tx: Transaction,
  { random, clock }: { readonly random: Random; readonly clock: Clock },
): void {
  const nowMs = clock.now();
  for (const service of draft.services) tx.update("service", service);
  for (const task of draft.updates) tx.update("task", settled(task, nowMs));
  for (const task of draft.creates) tx.create("task", { ...task, id: newId(random) });
  for (const task of draft.removals) tx.remove("task", task);
  for (const service of draft.goneServices) tx.remove("service", service);
}
