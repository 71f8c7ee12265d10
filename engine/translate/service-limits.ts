import type { ContainerSpec, ServiceSpec, TaskSpec } from "../../proto/generated.ts";
import type { ApiVersion } from "../api-version.ts";

/** First version with job modes, capabilities, ulimits, pids limits and `status=true`. */
export const VERSION_WITH_JOBS: ApiVersion = 1041;
/** First version with sysctls and the limit of replicas a node. */
const VERSION_WITH_SYSCTLS: ApiVersion = 1040;

function limitContainer(spec: ContainerSpec, version: ApiVersion): ContainerSpec {
  return {
    ...spec,
    sysctls: version < VERSION_WITH_SYSCTLS ? {} : spec.sysctls,
    capabilityAdd: [],
    capabilityDrop: [],
    ulimits: [],
  };
}

function limitTask(task: TaskSpec, version: ApiVersion): TaskSpec {
  const { resources, placement } = task;
  const limits = resources?.limits;
  const limited = {
    ...task,
    resources: resources && limits ? { ...resources, limits: { ...limits, pids: 0 } } : resources,
    placement:
      placement && version < VERSION_WITH_SYSCTLS ? { ...placement, maxReplicas: 0 } : placement,
  };
  if (limited.runtime !== "container") return limited;
  return { ...limited, container: limitContainer(limited.container, version) };
}

/**
 * `spec` without the fields that the client's API version did not have yet, which Docker drops
 * without a word. Job modes fall back to one replica, the mode of a spec without any.
 */
export function limitToVersion(spec: ServiceSpec, version: ApiVersion): ServiceSpec {
  if (version >= VERSION_WITH_JOBS) return spec;
  const task = spec.task && limitTask(spec.task, version);
  if (spec.mode !== "replicatedJob" && spec.mode !== "globalJob") return { ...spec, task };
  const { annotations, update, rollback, endpoint, schedule, dependsOn } = spec;
  const common = { annotations, task, update, rollback, endpoint, schedule, dependsOn };
  return { ...common, mode: "replicated", replicated: { replicas: 1 } };
}
