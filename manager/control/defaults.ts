import { make } from "../../proto/codec.ts";
import {
  RestartPolicyCondition,
  type ClusterSpec,
  type OptionalInt64,
  type RestartPolicy,
  type ServiceSpec,
  type TaskSpec,
  type UpdateConfig,
} from "../../proto/generated.ts";
import { CLUSTER_NAME } from "./validate/cluster.ts";

const seconds = (n: number): OptionalInt64 => make("OptionalInt64", { value: n * 1e9 });

/** How long a task may take to stop before it is killed. */
const STOP_GRACE_PERIOD = seconds(10);
const RESTART_DELAY = seconds(5);
const MONITOR = seconds(5);

const RESTART = make("RestartPolicy", {
  condition: RestartPolicyCondition.ANY,
  delayNs: RESTART_DELAY,
});
const UPDATE = make("UpdateConfig", { parallelism: 1, monitorNs: MONITOR });

/** A policy that is given in part means what it says: only its delay has a default of its own. */
function restartDefaults(restart: RestartPolicy | null): RestartPolicy {
  return restart ? { ...restart, delayNs: restart.delayNs ?? RESTART_DELAY } : RESTART;
}

function updateDefaults(update: UpdateConfig | null): UpdateConfig {
  return update ? { ...update, monitorNs: update.monitorNs ?? MONITOR } : UPDATE;
}

function runtimeDefaults(task: TaskSpec): TaskSpec {
  if (task.runtime === "container") {
    const { container } = task;
    return {
      ...task,
      container: {
        ...container,
        stopGracePeriodNs: container.stopGracePeriodNs ?? STOP_GRACE_PERIOD,
        dnsConfig: container.dnsConfig ?? make("DnsConfig"),
      },
    };
  }
  if (task.runtime !== "process") return task;
  const stopGracePeriodNs = task.process.stopGracePeriodNs ?? STOP_GRACE_PERIOD;
  return { ...task, process: { ...task.process, stopGracePeriodNs } };
}

/** `spec` with the defaults that the system uses where it says nothing. Never stored. */
export function withServiceDefaults(spec: ServiceSpec): ServiceSpec {
  const task = runtimeDefaults(spec.task ?? make("TaskSpec"));
  const job = spec.mode === "replicatedJob" || spec.mode === "globalJob";
  return {
    ...spec,
    task: {
      ...task,
      resources: task.resources ?? make("ResourceRequirements"),
      restart: restartDefaults(task.restart),
      placement: task.placement ?? make("Placement"),
    },
    update: job ? spec.update : updateDefaults(spec.update),
    rollback: job ? spec.rollback : updateDefaults(spec.rollback),
  };
}

/** The settings of a new cluster. */
export const CLUSTER_DEFAULTS: ClusterSpec = make("ClusterSpec", {
  annotations: make("Annotations", { name: CLUSTER_NAME }),
  orchestration: make("OrchestrationConfig", { taskHistoryRetentionLimit: 5 }),
  raft: make("RaftConfig", {
    snapshotInterval: 10_000,
    logEntriesForSlowFollowers: 500,
    heartbeatTick: 1,
    electionTick: 10,
  }),
  dispatcher: make("DispatcherConfig", { heartbeatPeriodNs: 5e9 }),
  ca: make("CaConfig", { nodeCertExpiryNs: 90 * 24 * 3600e9 }),
  taskDefaults: make("TaskDefaults"),
  encryption: make("EncryptionConfig"),
});

/** `given` over `defaults`: a zero, an empty text or an empty list means the default. */
function overlay<T extends object>(defaults: T | null, given: T | null): T | null {
  if (!given) return defaults;
  const entries = Object.entries(given).map(([key, value]) => {
    const fallback = (defaults as Record<string, unknown> | null)?.[key];
    const empty = !value || (Array.isArray(value) && value.length === 0);
    return [key, empty && fallback !== undefined ? fallback : value];
  });
  return Object.fromEntries(entries) as T;
}

/** What a person asked for at `swarm init`, with the defaults wherever they asked for nothing. */
export function withClusterDefaults(spec: ClusterSpec | null): ClusterSpec {
  const base = CLUSTER_DEFAULTS;
  if (!spec) return base;
  return {
    annotations: overlay(base.annotations, spec.annotations),
    // Keeping no history is a wish, not an omission.
    orchestration: spec.orchestration ?? base.orchestration,
    raft: overlay(base.raft, spec.raft),
    dispatcher: overlay(base.dispatcher, spec.dispatcher),
    ca: overlay(base.ca, spec.ca),
    taskDefaults: overlay(base.taskDefaults, spec.taskDefaults),
    encryption: overlay(base.encryption, spec.encryption),
    rebalance: spec.rebalance,
  };
}
