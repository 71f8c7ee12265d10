import { SwarmError } from "../../lib/errors.ts";
import { NodeState, TaskState, type LogSelector, type Task } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";

/** Where the logs that someone asks for are to be found. */
export interface Targets {
  readonly nodeIds: ReadonlySet<string>;
  /** Tasks that no node has yet. */
  readonly unplaced: readonly string[];
}

/**
 * Refuses a selector that selects nothing or something unknown.
 * @throws SwarmError `invalid`, `not-found`
 */
export function checkSelector(view: StoreView, selector: LogSelector | null): LogSelector {
  const { serviceIds = [], nodeIds = [], taskIds = [] } = selector ?? {};
  if (!selector || serviceIds.length + nodeIds.length + taskIds.length === 0)
    throw new SwarmError("invalid", "log selector must name a service, a node or a task");
  const unknown = (kind: "service" | "node" | "task", ids: readonly string[]): void => {
    for (const id of ids)
      if (!view[kind].get(id)) throw new SwarmError("not-found", `${kind} ${id} not found`);
  };
  unknown("service", serviceIds);
  unknown("node", nodeIds);
  unknown("task", taskIds);
  return selector;
}

/** Whether the selector asks for the logs of `task`. */
export function selectsTask(selector: LogSelector, task: Task): boolean {
  return (
    selector.taskIds.includes(task.id) ||
    selector.serviceIds.includes(task.serviceId) ||
    selector.nodeIds.includes(task.nodeId)
  );
}

/**
 * The nodes that hold what `selector` asks for. Tasks of a service that do not run yet have no
 * logs, so a reader who does not follow need not wait for them.
 */
export function targetsOf(view: StoreView, selector: LogSelector, follow: boolean): Targets {
  const nodeIds = new Set(selector.nodeIds);
  const unplaced: string[] = [];
  const add = (task: Task): void => {
    if (task.nodeId === "") unplaced.push(task.id);
    else nodeIds.add(task.nodeId);
  };
  for (const id of selector.taskIds) {
    const task = view.task.get(id);
    if (task) add(task);
  }
  for (const id of selector.serviceIds)
    for (const task of view.task.by("service", id))
      if (follow || (task.status?.state ?? 0) >= TaskState.RUNNING) add(task);
  return { nodeIds, unplaced };
}

/** Whether the node may answer: it is known and not down. */
export function mayAnswer(view: StoreView, nodeId: string): boolean {
  const state = view.node.get(nodeId)?.status?.state;
  return state !== undefined && state !== NodeState.DOWN;
}
