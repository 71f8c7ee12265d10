import {
  UpdateStatusState,
  type Service,
  type Task,
  type TaskOrigin,
} from "../../proto/generated.ts";
import type { ServiceContext } from "./service-context.ts";
import { endedByItself, stateSince } from "./task-state.ts";
import { updateOptions } from "./update-options.ts";

/** The running update's identity, its start time; 0 when none is running. */
export function runningUpdate(service: Service): number {
  const status = service.updateStatus;
  const runs =
    status?.state === UpdateStatusState.UPDATING ||
    status?.state === UpdateStatusState.ROLLBACK_STARTED;
  return runs ? status.startedAtMs : 0;
}

/** Whether `task`, made by an update, ended before it ran or within `monitorMs` of running. */
export function failedEarly(task: Task, monitorMs: number): boolean {
  if (!endedByItself(task)) return false;
  const ranSince = task.origin?.runningAtMs ?? 0;
  return ranSince === 0 || stateSince(task) - ranSince <= monitorMs;
}

/**
 * `origin`, of the task that follows `task`, made part of the running update: when `task` was part
 * of it, with its failure on record, or when `task` is out of date and so its successor is the
 * update's work.
 */
export function inheritUpdate(ctx: ServiceContext, task: Task, origin: TaskOrigin): TaskOrigin {
  const update = runningUpdate(ctx.service);
  if (update === 0) return origin;
  if (task.origin?.updateStartedAtMs !== update)
    return ctx.isDirty(task) ? { ...origin, updateStartedAtMs: update } : origin;
  const earlier = task.origin.updateFailedTask;
  const failed = earlier === "" && failedEarly(task, updateOptions(ctx.service).monitorMs);
  return {
    ...origin,
    updateStartedAtMs: update,
    updateFailedTask: failed ? task.id : earlier,
  };
}
