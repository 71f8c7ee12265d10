import { OLD_TASK_WAIT_MS } from "../../../manager/orchestrator/plan-starts.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import { ChangeKind, NodeState, TaskState, type Task } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import type { SimWorker } from "./agent.ts";
import { show } from "./describe.ts";
import { mayOverlap } from "./task-checks.ts";

/** A decision is made on nodes as they were; so old it is at most when it is committed, ms. */
const DECISION_AGE_MS = 3_000;

const mayStart = ({ desiredState }: Task): boolean =>
  desiredState > TaskState.READY && desiredState <= TaskState.COMPLETE;

/**
 * When a task is told to start, nothing of its slot runs any more on a machine that can be heard of,
 * unless both may, or the old one had its time to stop.
 */
export class ProgramChecks {
  readonly #workers: readonly SimWorker[];
  /** Ended in the store, by an enforcer; their nodes only hear of it then. */
  readonly #rejected = new Set<string>();

  constructor(workers: readonly SimWorker[]) {
    this.#workers = workers;
  }

  check(events: readonly StoreEvent[], view: StoreView): void {
    for (const event of events) {
      if (event.kind !== "task" || event.change === ChangeKind.REMOVE) continue;
      const { object: task, old } = event;
      if (task.status?.state === TaskState.REJECTED) this.#rejected.add(task.id);
      if (mayStart(task) && !(old && mayStart(old))) this.#checkStart(task, view);
    }
  }

  #checkStart(task: Task, view: StoreView): void {
    const service = view.service.get(task.serviceId);
    if (!service || mayOverlap(service)) return;
    const { createdAtMs = 0, updatedAtMs = 0 } = task.meta ?? {};
    if (updatedAtMs - createdAtMs >= OLD_TASK_WAIT_MS) return;
    for (const { name, programs } of this.#workers) {
      const node = view.node.get(name);
      if (!node || node.status?.state === NodeState.DOWN) continue;
      // It may have been decided while the node was lost, which nobody can hear of.
      if (updatedAtMs - (node.status?.sinceMs ?? 0) < DECISION_AGE_MS) continue;
      for (const other of programs.running()) {
        // Also of those that are history by now, and not known any more.
        if (this.#rejected.has(other.id) || task.origin?.movedTaskId === other.id) continue;
        const same =
          other.id !== task.id && slotKey(other) === slotKey(task) && isRunOf(other, task);
        demand(!same, "overlap", () => `${show(task)} starts while ${show(other)} runs on ${name}`);
      }
    }
  }
}

/** Runs of a job may go on side by side. */
function isRunOf(other: Task, task: Task): boolean {
  return other.jobIteration?.index === task.jobIteration?.index;
}
