import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import {
  UpdateStatusState,
  type JobStatus,
  type Service,
  type ServiceSpec,
  type UpdateStatus,
  type Version,
} from "../../proto/generated.ts";
import { versionOf } from "../store/table.ts";
import { forbidden } from "./validate/check.ts";
import { isJob } from "./validate/service.ts";

/**
 * The first status of a job. A job with a schedule has not run yet: its first run is the clock's.
 */
export function firstJobStatus(spec: ServiceSpec, nowMs: number): JobStatus | null {
  if (!isJob(spec)) return null;
  const lastExecutionMs = spec.schedule ? 0 : nowMs;
  return make("JobStatus", { jobIteration: { index: 0 }, lastExecutionMs });
}

/**
 * The spec version of a new service: that of the state it was made from. Never 0, which stands for
 * no version, and smaller than the version the service gets when it is stored.
 */
export function firstSpecVersion(stateVersion: number): Version {
  return make("Version", { index: Math.max(1, stateVersion) });
}

/** An update runs a job anew, unless a schedule says when it runs. */
function nextJobStatus(service: Service, spec: ServiceSpec, nowMs: number): JobStatus | null {
  if (!isJob(spec)) return null;
  if (spec.schedule) return service.jobStatus ?? firstJobStatus(spec, nowMs);
  const index = (service.jobStatus?.jobIteration?.index ?? 0) + 1;
  return make("JobStatus", { jobIteration: { index }, lastExecutionMs: nowMs });
}

/** Refuses to change what tells a service from another one. */
function checkIdentity(service: Service, spec: ServiceSpec): void {
  if (service.spec?.annotations?.name !== spec.annotations?.name)
    throw new SwarmError("unimplemented", "renaming services is not supported");
  if (service.spec?.mode !== spec.mode)
    throw new SwarmError("unimplemented", "service mode change is not allowed");
}

/** `spec` with the registry credentials of `from`, unless it brings its own. */
function carryRegistryAuth(spec: ServiceSpec, from: ServiceSpec | null): ServiceSpec {
  const { task } = spec;
  if (task?.runtime !== "container" || task.container.registryAuth !== "") return spec;
  if (from?.task?.runtime !== "container") return spec;
  const { registryAuth } = from.task.container;
  return registryAuth === ""
    ? spec
    : { ...spec, task: { ...task, container: { ...task.container, registryAuth } } };
}

/** A service that has no spec from before its last update. */
function withoutPrevious(service: Service): SwarmError {
  return forbidden(`service ${service.id} does not have a previous spec`);
}

/**
 * The service with a new spec. The spec version is the version that the service had until now:
 * larger than any spec version before it, known before the change is committed, and different from
 * every other one of this service, which is all that a comparison for equality needs.
 */
export function planUpdate(
  service: Service,
  wanted: ServiceSpec,
  options: { readonly nowMs: number; readonly registryAuthFromPrevious: boolean },
): Service {
  checkIdentity(service, wanted);
  if (options.registryAuthFromPrevious && !service.previousSpec) throw withoutPrevious(service);
  const authSource = options.registryAuthFromPrevious ? service.previousSpec : service.spec;
  const spec = carryRegistryAuth(wanted, authSource);
  return {
    ...service,
    spec,
    specVersion: make("Version", { index: versionOf(service) }),
    previousSpec: service.spec,
    previousSpecVersion: service.specVersion,
    updateStatus: null,
    jobStatus: nextJobStatus(service, spec, options.nowMs),
  };
}

/**
 * The service with spec and previous spec exchanged. Spec versions go along, so that tasks which
 * still run the previous spec are up to date at once.
 */
export function planRollback(service: Service, nowMs: number): Service {
  const { previousSpec } = service;
  if (!previousSpec) throw withoutPrevious(service);
  return {
    ...service,
    spec: previousSpec,
    specVersion: service.previousSpecVersion,
    previousSpec: service.spec,
    previousSpecVersion: service.specVersion,
    updateStatus: isJob(previousSpec) ? null : askedRollback(nowMs),
    jobStatus: nextJobStatus(service, previousSpec, nowMs),
  };
}

/** A rollback that the update planner carries out; jobs run anew at once and have none. */
function askedRollback(nowMs: number): UpdateStatus {
  return make("UpdateStatus", {
    state: UpdateStatusState.ROLLBACK_STARTED,
    startedAtMs: nowMs,
    message: "manually requested rollback",
  });
}
