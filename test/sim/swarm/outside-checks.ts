import type { StoreEvent } from "../../../manager/store/tables.ts";
import { TaskState, type Task, type TaskPlacement } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

const keyOf = (taskId: string, nodeId: string): string => `${taskId} ${nodeId}`;

/** Whether the task is left to another scheduler. */
export function isOutside({ spec }: Task): boolean {
  return (spec?.placement?.scheduler ?? "") !== "";
}

/**
 * What is left to another scheduler goes nowhere but where that asked it to go; and what it was told
 * is placed is in the store.
 */
export class PlacedOutside {
  readonly #asked = new Set<string>();
  readonly #placed = new Set<string>();

  /** Notes what the other scheduler asks for. */
  ask(placements: readonly TaskPlacement[]): void {
    for (const { taskId, nodeId } of placements) this.#asked.add(keyOf(taskId, nodeId));
  }

  /** The other scheduler was told that its placement stands. */
  demandPlaced(taskId: string, nodeId: string): void {
    const stored = this.#placed.has(keyOf(taskId, nodeId));
    demand(
      stored,
      "outside",
      () => `${taskId} is said to be on ${nodeId}, and was never put there`,
    );
  }

  check(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.kind !== "task" || !event.old || !isOutside(event.object)) continue;
      const { object: task, old } = event;
      if (stateOf(old) >= TaskState.ASSIGNED || stateOf(task) !== TaskState.ASSIGNED) continue;
      const key = keyOf(task.id, task.nodeId);
      this.#placed.add(key);
      const asked = this.#asked.has(key);
      demand(asked, "outside", () => `${show(task)} is placed, and its scheduler did not ask`);
    }
  }
}
