import { make } from "../../proto/codec.ts";
import {
  UpdateStatusState,
  type Service,
  type Task,
  type TaskOrigin,
} from "../../proto/generated.ts";
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
  const ranSince = task.origin?.settledAtMs ?? 0;
  return ranSince === 0 || stateSince(task) - ranSince <= monitorMs;
}

/**
 * The origin of the task that an update puts in the place of one that is out of date. It waits for
 * no restart delay: it is not what failed.
 */
export function updateOrigin(update: number): TaskOrigin {
  return make("TaskOrigin", { updateStartedAtMs: update, reason: "update" });
}

/**
 * `origin`, of the task that follows `task` in the running update, with what the update knows of
 * the slot: it judges the first task only, restarts are the restart policy's matter.
 */
export function inheritUpdate(service: Service, task: Task, origin: TaskOrigin): TaskOrigin {
  const update = runningUpdate(service);
  const before = task.origin;
  if (update === 0 || before?.updateStartedAtMs !== update) return origin;
  const { updateFailedTask, settledAtMs } = before;
  const judged = { ...origin, updateStartedAtMs: update, updateFailedTask, settledAtMs };
  if (updateFailedTask !== "" || !failedEarly(task, updateOptions(service).monitorMs))
    return judged;
  return { ...judged, updateFailedTask: task.id, settledAtMs: stateSince(task) };
}
