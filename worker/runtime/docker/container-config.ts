import type { ContainerCreateOptions, HealthConfig as EngineHealth } from "dockerode";
import { SwarmError } from "../../../lib/errors.ts";
import type { ContainerSpec, HealthConfig, Task } from "../../../proto/generated.ts";
import { resourceEnv } from "../generic-resources.ts";
import type { PlacedFile } from "../payload-dir.ts";
import { slotOf, taskName } from "../task-scope.ts";
import { expand, type TemplateScope } from "../template.ts";
import { exposedPorts, toHostConfig } from "./host-config.ts";
import { toMounts } from "./mounts.ts";

/** Labels that tell whose container it is; swarm mode's. */
export const TASK_ID_LABEL = "com.docker.swarm.task.id";
export const NODE_ID_LABEL = "com.docker.swarm.node.id";

/** The container spec of a task; throws `failed-precondition` when it has another kind. */
export function containerSpec(task: Task): ContainerSpec {
  if (task.spec?.runtime === "container") return task.spec.container;
  throw new SwarmError("failed-precondition", "the docker runtime runs containers only");
}

/** `<service>.<slot or node>.<task id>`. */
export function containerName(task: Task): string {
  return `${task.serviceAnnotations?.name ?? ""}.${slotOf(task)}.${task.id}`;
}

/** Entries with their values expanded; one without `=` tells the engine to unset it. */
function containerEnv(task: Task, spec: ContainerSpec, scope: TemplateScope): string[] {
  const own = spec.env.map((entry) => {
    const at = entry.indexOf("=");
    return at < 0 ? entry : `${entry.slice(0, at)}=${expand(entry.slice(at + 1), scope)}`;
  });
  return [...own, ...resourceEnv(task.assignedGenericResources)];
}

function labelsOf(task: Task, spec: ContainerSpec): Record<string, string> {
  return {
    ...spec.labels,
    ...task.annotations?.labels,
    "com.docker.swarm.task": "",
    [TASK_ID_LABEL]: task.id,
    "com.docker.swarm.task.name": taskName(task),
    [NODE_ID_LABEL]: task.nodeId,
    "com.docker.swarm.service.id": task.serviceId,
    "com.docker.swarm.service.name": task.serviceAnnotations?.name ?? "",
  };
}

function toHealthcheck(health: HealthConfig): EngineHealth {
  return {
    Test: [...health.test],
    Interval: health.intervalNs,
    Timeout: health.timeoutNs,
    Retries: health.retries,
    StartPeriod: health.startPeriodNs,
    ...(health.startIntervalNs > 0 && { StartInterval: health.startIntervalNs }),
  };
}

/**
 * What the engine is asked to create for a task. `files` are its secrets and configs as they lie on
 * the host. Throws `invalid` for what cannot be expanded or mounted.
 */
export function toContainer(
  task: Task,
  scope: TemplateScope,
  files: readonly PlacedFile[],
): ContainerCreateOptions {
  const spec = containerSpec(task);
  if (spec.image === "") throw new SwarmError("invalid", "a container needs an image");
  return {
    name: containerName(task),
    Image: spec.image,
    Labels: labelsOf(task, spec),
    Env: containerEnv(task, spec, scope),
    Hostname: expand(spec.hostname, scope),
    User: spec.user,
    WorkingDir: spec.dir,
    Tty: spec.tty,
    OpenStdin: spec.openStdin,
    ...(spec.command.length > 0 && { Entrypoint: [...spec.command] }),
    ...(spec.args.length > 0 && { Cmd: [...spec.args] }),
    ...(spec.stopSignal !== "" && { StopSignal: spec.stopSignal }),
    ...(spec.stopGracePeriodNs && { StopTimeout: graceSeconds(spec) }),
    ...(spec.healthcheck && { Healthcheck: toHealthcheck(spec.healthcheck) }),
    ExposedPorts: exposedPorts(task),
    HostConfig: {
      ...toHostConfig(task, spec),
      Mounts: toMounts(spec.mounts, files, scope),
    },
  };
}

/** Grace period in whole seconds, the engine's unit; 10 where the spec names none. */
export function graceSeconds({ stopGracePeriodNs }: ContainerSpec): number {
  return stopGracePeriodNs ? Math.ceil(stopGracePeriodNs.value / 1e9) : 10;
}
