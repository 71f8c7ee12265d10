import { make } from "../../proto/codec.ts";
import { TaskState, type Service, type Task, type TaskOrigin } from "../../proto/generated.ts";
import type { IsDirty } from "./dirty.ts";
import type { Draft } from "./draft.ts";
import { isJob } from "./restart-policy.ts";
import type { Slot } from "./slot.ts";
import { isSticky, volumeNodeOf } from "./sticky-volumes.ts";
import { newTask, type TaskSource } from "./task-init.ts";
import { isDrained, isLost, mayStillRun, stateOf, type NodeLookup } from "./task-state.ts";

/** What a plan for one service looks at, beside the tasks. */
export interface ServiceContext extends TaskSource {
  readonly node: NodeLookup;
  readonly isDirty: IsDirty;
  /** Why no task of the service may start yet; empty when they may. */
  readonly held: string;
  /** Why the store would refuse the service as it is given; empty when it would not. */
  readonly refusal: (service: Service) => string;
}

/** The desired state of a task that may start: jobs run to completion. */
export function goalOf({ service }: ServiceContext): TaskState {
  return isJob(service) ? TaskState.COMPLETE : TaskState.RUNNING;
}

/**
 * Whether `task` runs on a drained node and may stay until its service can do without it. Tasks of
 * jobs may not: they would do their work twice.
 */
export function isLeaving({ service, node }: ServiceContext, task: Task): boolean {
  if (task.nodeId === "" || isJob(service) || stateOf(task) !== TaskState.RUNNING) return false;
  // Its successor cannot run elsewhere: there is nothing to wait for.
  if (isSticky(service)) return false;
  const host = node(task.nodeId);
  return isDrained(host) && !isLost(host);
}

/** Whether a task of `slot` would start beside one that is on its way out. */
export function isOccupied({ node }: ServiceContext, slot: Slot): boolean {
  return slot.past.some((task) => mayStillRun(task, node));
}

/**
 * Writes down a new task in `slot`. It is only prepared (desired READY) while something keeps it
 * from starting: its origin's time, the task before it, or what the service depends on.
 */
export function placeTask(
  ctx: ServiceContext,
  slot: Slot,
  draft: Draft,
  origin: TaskOrigin | null = null,
): void {
  const waits = (origin?.notBeforeMs ?? 0) > ctx.now || ctx.held !== "" || isOccupied(ctx, slot);
  const desired = waits ? TaskState.READY : goalOf(ctx);
  const task = newTask(ctx, slot, desired, ctx.held === "" ? origin : heldOrigin(ctx, origin));
  draft.create(slot, { ...task, volumeNodeId: boundTo(ctx, slot) });
}

/** Where the next task of a slot has to go for its volumes; empty = anywhere. */
function boundTo({ service, node }: ServiceContext, slot: Slot): string {
  if (!isSticky(service) || slot.slot === 0) return "";
  return volumeNodeOf([...slot.past, ...slot.wanted], node);
}

/** The origin of a task that what its service depends on keeps from starting: it says so. */
export function heldOrigin({ held }: ServiceContext, origin: TaskOrigin | null): TaskOrigin {
  const reason = origin?.reason ? `${origin.reason}; ${held}` : held;
  return make("TaskOrigin", { ...origin, reason });
}
