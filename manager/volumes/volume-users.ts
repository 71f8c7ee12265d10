import { ChangeKind, TaskState, type Task } from "../../proto/generated.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";

/** Whether the task has, or may yet have, its volumes in use on its node. */
function holdsVolumes({ nodeId, status }: Task): boolean {
  const state = status?.state ?? TaskState.NEW;
  return nodeId !== "" && state >= TaskState.ASSIGNED && state < TaskState.COMPLETE;
}

/** Which nodes have tasks with which volumes, kept by the events of the store. */
export class VolumeUsers {
  readonly #users = new Map<string, Map<string, string>>();

  constructor(view: StoreView) {
    for (const task of view.task.all()) this.#add(task);
  }

  /** Nodes with tasks that have the volume. */
  of(volumeId: string): ReadonlySet<string> {
    return new Set(this.#users.get(volumeId)?.values());
  }

  /** Follows an event; returns the ids of the volumes that it may matter to. */
  follow(event: StoreEvent): readonly string[] {
    if (event.kind !== "task") return [];
    const volumes = [...event.object.volumes, ...(event.old?.volumes ?? [])];
    if (volumes.length === 0) return [];
    if (event.old) this.#remove(event.old);
    if (event.change === ChangeKind.REMOVE) this.#remove(event.object);
    else this.#add(event.object);
    return volumes.map(({ id }) => id);
  }

  #add(task: Task): void {
    if (!holdsVolumes(task)) return;
    for (const { id } of task.volumes) {
      const tasks = this.#users.get(id) ?? new Map<string, string>();
      this.#users.set(id, tasks.set(task.id, task.nodeId));
    }
  }

  #remove(task: Task): void {
    for (const { id } of task.volumes) {
      const tasks = this.#users.get(id);
      tasks?.delete(task.id);
      if (tasks?.size === 0) this.#users.delete(id);
    }
  }
}
