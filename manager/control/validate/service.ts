import { SwarmError } from "../../../lib/errors.ts";
import type { GenericRuntimeSpec, ServiceSpec, TaskSpec } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";
import { checkContainer, checkProcess } from "./container.ts";
import { checkEndpoint } from "./endpoint.ts";
import { checkDnsName } from "./names.ts";
import { checkNumbers } from "./numbers.ts";
import { checkPlacement } from "./placement.ts";
import { checkRequirements } from "./resources.ts";
import { checkRestart, checkUpdate } from "./rollout.ts";
import { checkDependencies, checkSchedule } from "./schedule.ts";

const GENERIC_KIND_LENGTH_MIN = 3;
const RESERVED_KINDS = ["container", "process", "attachment"];

function checkGeneric({ kind, typeUrl, payload }: GenericRuntimeSpec): void {
  if (kind.length < GENERIC_KIND_LENGTH_MIN)
    throw invalid(`Generic runtime: invalid name "${kind}"`);
  if (RESERVED_KINDS.includes(kind.toLowerCase()))
    throw invalid(`Generic runtime: ${kind} is a reserved name`);
  if (typeUrl === "" || payload.length === 0)
    throw invalid("Generic runtime: payload is missing or has no type");
}

function checkRuntime(task: TaskSpec): void {
  switch (task.runtime) {
    case "container":
      return checkContainer(task.container);
    case "process":
      return checkProcess(task.process);
    case "generic":
      return checkGeneric(task.generic);
    case "attachment":
      throw new SwarmError("unimplemented", "a service cannot run network attachments");
    case undefined:
      throw invalid("TaskSpec: missing runtime");
  }
}

function checkTask(task: TaskSpec): void {
  checkRequirements(task.resources);
  checkRestart(task.restart);
  checkPlacement(task.placement);
  checkRuntime(task);
}

/** A negative number that went through an unsigned field shows as one that is not safe. */
const isCount = (value: number): boolean => value >= 0 && Number.isSafeInteger(value);

function checkMode(spec: ServiceSpec): void {
  if (spec.mode === "replicated" && !isCount(spec.replicated.replicas))
    throw invalid("Number of replicas must be non-negative");
  if (spec.mode === "replicatedJob") {
    if (!isCount(spec.replicatedJob.maxConcurrent))
      throw invalid("Maximum concurrent jobs must not be negative");
    if (!isCount(spec.replicatedJob.totalCompletions))
      throw invalid("Total completed jobs must not be negative");
  }
  if (isJob(spec) && (spec.update || spec.rollback))
    throw invalid("Jobs may not have an update config");
  if (spec.schedule && !isJob(spec))
    throw invalid("a schedule needs the mode replicated-job or global-job");
}

/** Whether the service's tasks run to completion. */
export function isJob(spec: ServiceSpec): boolean {
  return spec.mode === "replicatedJob" || spec.mode === "globalJob";
}

/**
 * Checks a service spec on its own, in the order in which Docker reports mistakes.
 * @throws SwarmError `invalid`, `unimplemented`
 */
export function checkService(spec: ServiceSpec | null): ServiceSpec {
  if (!spec) throw invalid("a service spec is required");
  const { name } = checkDnsName(spec.annotations);
  if (!spec.task) throw invalid("TaskSpec: missing runtime");
  checkTask(spec.task);
  checkEndpoint(spec.endpoint);
  checkMode(spec);
  checkUpdate(spec.update);
  checkUpdate(spec.rollback);
  if (spec.schedule) checkSchedule(spec.schedule);
  checkDependencies(name, spec.dependsOn);
  checkNumbers(spec);
  return spec;
}
