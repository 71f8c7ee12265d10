import {
  UpdateStatusState,
  type JobStatus,
  type Service,
  type ServiceTaskCounts,
  type UpdateStatus,
} from "../../proto/generated.ts";
import { metaJson, some, timeText, type Json } from "./common.ts";
import { endpointJson } from "./endpoint.ts";
import { Names } from "./names.ts";
import { serviceSpecJson } from "./service-spec.ts";

/** The states of a rolling update, by Docker's words. */
export const UPDATE_STATES = new Names<UpdateStatusState>("UpdateStatus", {
  updating: UpdateStatusState.UPDATING,
  paused: UpdateStatusState.PAUSED,
  completed: UpdateStatusState.COMPLETED,
  rollback_started: UpdateStatusState.ROLLBACK_STARTED,
  rollback_paused: UpdateStatusState.ROLLBACK_PAUSED,
  rollback_completed: UpdateStatusState.ROLLBACK_COMPLETED,
});

function updateStatusJson(status: UpdateStatus | null): Json | undefined {
  if (!status) return undefined;
  return {
    State: some(UPDATE_STATES.word(status.state)),
    StartedAt: status.startedAtMs === 0 ? undefined : timeText(status.startedAtMs),
    CompletedAt: status.completedAtMs === 0 ? undefined : timeText(status.completedAtMs),
    Message: some(status.message),
  };
}

function jobStatusJson(status: JobStatus | null): Json | undefined {
  if (!status) return undefined;
  return {
    JobIteration: { Index: some(status.jobIteration?.index ?? 0) },
    LastExecution: timeText(status.lastExecutionMs),
  };
}

function countsJson(counts: ServiceTaskCounts | undefined): Json | undefined {
  if (!counts) return undefined;
  return {
    RunningTasks: counts.running,
    DesiredTasks: counts.desired,
    CompletedTasks: counts.completed,
  };
}

/** A service as `GET /services/{id}` prints it; with `counts` as the list with `status=true`. */
export function serviceJson(service: Service, counts?: ServiceTaskCounts): Json {
  return {
    ID: service.id,
    ...metaJson(service.meta),
    Spec: service.spec ? serviceSpecJson(service.spec) : {},
    PreviousSpec: service.previousSpec ? serviceSpecJson(service.previousSpec) : undefined,
    Endpoint: endpointJson(service.endpoint, Boolean(service.spec?.endpoint)),
    UpdateStatus: updateStatusJson(service.updateStatus),
    ServiceStatus: countsJson(counts),
    JobStatus: jobStatusJson(service.jobStatus),
  };
}
