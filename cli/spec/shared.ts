import { SwarmError } from "../../lib/errors.ts";
import type {
  ContainerSpec,
  Healthcheck,
  Privileges,
  Resources,
  RestartPolicy,
  ServiceSpec,
  TaskTemplate,
  UpdateConfig,
} from "../api/service-types.ts";
import { toMap } from "../flags/fields.ts";
import { withExtensions } from "./extension-labels.ts";
import { given, isAnyGiven, present } from "./present.ts";
import type { SharedFlags } from "./service-flags.ts";

const SECOND_NS = 1e9;

/** Docker's client writes out a whole policy as soon as one of its flags is given. */
const DEFAULT_RESTART_POLICY: RestartPolicy = {
  Condition: "any",
  Delay: 5 * SECOND_NS,
  MaxAttempts: 0,
};
const DEFAULT_UPDATE_CONFIG: UpdateConfig = {
  Parallelism: 1,
  FailureAction: "pause",
  Monitor: 5 * SECOND_NS,
  MaxFailureRatio: 0,
  Order: "stop-first",
};

/** Applies to `spec` the flags that mean the same on create and on update. */
export function applyShared(spec: ServiceSpec, flags: SharedFlags): ServiceSpec {
  return {
    ...spec,
    Labels: withExtensions(spec.Labels, flags),
    TaskTemplate: applyTask(spec.TaskTemplate, flags),
    ...given({
      UpdateConfig: rollout(spec.UpdateConfig, {
        Parallelism: flags.updateParallelism,
        Delay: flags.updateDelay,
        FailureAction: flags.updateFailureAction,
        Monitor: flags.updateMonitor,
        MaxFailureRatio: flags.updateMaxFailureRatio,
        Order: flags.updateOrder,
      }),
      RollbackConfig: rollout(spec.RollbackConfig, {
        Parallelism: flags.rollbackParallelism,
        Delay: flags.rollbackDelay,
        FailureAction: flags.rollbackFailureAction,
        Monitor: flags.rollbackMonitor,
        MaxFailureRatio: flags.rollbackMaxFailureRatio,
        Order: flags.rollbackOrder,
      }),
    }),
    EndpointSpec: { ...spec.EndpointSpec, ...given({ Mode: flags.endpointMode }) },
  };
}

type Maybe<T> = { readonly [K in keyof T]: T[K] | undefined };

function rollout(
  current: UpdateConfig | undefined,
  changes: Partial<Maybe<UpdateConfig>>,
): UpdateConfig | undefined {
  if (!isAnyGiven(...Object.values(changes))) return current;
  return { ...(current ?? DEFAULT_UPDATE_CONFIG), ...given(changes) } as UpdateConfig;
}

function applyTask(task: TaskTemplate, flags: SharedFlags): TaskTemplate {
  return {
    ...task,
    ContainerSpec: applyContainer(task.ContainerSpec ?? {}, flags),
    Resources: applyResources(task.Resources ?? {}, flags),
    ...given({ RestartPolicy: restartPolicy(task.RestartPolicy, flags) }),
    Placement: present({
      ...task.Placement,
      ...given({ MaxReplicas: flags.replicasMaxPerNode }),
    }),
    // Options without a driver are options of nothing; docker drops them too.
    ...(flags.logDriver
      ? { LogDriver: present({ Name: flags.logDriver, Options: toMap(flags.logOpt ?? []) }) }
      : {}),
  };
}

function restartPolicy(
  current: RestartPolicy | undefined,
  flags: SharedFlags,
): RestartPolicy | undefined {
  const changes = given({
    Condition: flags.restartCondition,
    Delay: flags.restartDelay,
    MaxAttempts: flags.restartMaxAttempts,
    Window: flags.restartWindow,
  });
  if (Object.keys(changes).length === 0) return current;
  return { ...(current ?? DEFAULT_RESTART_POLICY), ...changes } as RestartPolicy;
}

function applyResources(resources: Resources, flags: SharedFlags): Resources {
  return {
    Limits: {
      ...resources.Limits,
      ...given({
        NanoCPUs: flags.limitCpu,
        MemoryBytes: flags.limitMemory,
        Pids: flags.limitPids,
      }),
    } as NonNullable<Resources["Limits"]>,
    Reservations: {
      ...resources.Reservations,
      ...given({ NanoCPUs: flags.reserveCpu, MemoryBytes: flags.reserveMemory }),
    } as NonNullable<Resources["Reservations"]>,
  };
}

function applyContainer(container: ContainerSpec, flags: SharedFlags): ContainerSpec {
  const changed = {
    ...container,
    ...given({
      Command: flags.entrypoint,
      Hostname: flags.hostname,
      Dir: flags.workdir,
      User: flags.user,
      Init: flags.init,
      StopSignal: flags.stopSignal,
      StopGracePeriod: flags.stopGracePeriod,
      TTY: flags.tty,
      ReadOnly: flags.readOnly,
      Isolation: flags.isolation,
      OomScoreAdj: flags.oomScoreAdj,
      Healthcheck: healthcheck(container.Healthcheck, flags),
      Privileges: privileges(container.Privileges, flags.credentialSpec),
    }),
  } as ContainerSpec;
  return present(changed);
}

function healthcheck(
  current: Healthcheck | undefined,
  flags: SharedFlags,
): Healthcheck | undefined {
  const changes = given({
    Test: flags.healthCmd === undefined ? undefined : healthTest(flags.healthCmd),
    Interval: flags.healthInterval,
    Timeout: flags.healthTimeout,
    StartPeriod: flags.healthStartPeriod,
    StartInterval: flags.healthStartInterval,
    Retries: flags.healthRetries,
  });
  const isChanged = Object.keys(changes).length > 0;
  if (flags.healthcheck === false) {
    if (isChanged)
      throw new SwarmError("invalid", "--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!isChanged) return current;
  // A health check that was switched off comes back with the image's command.
  const before = current?.Test?.[0] === "NONE" ? { ...current, Test: [] } : current;
  return present({ ...before, ...changes }) as Healthcheck;
}

function healthTest(command: string): readonly string[] {
  return command === "" ? [] : ["CMD-SHELL", command];
}

/** `config://`, `file://` or `registry://` credentials of a Windows service. */
function privileges(
  current: Privileges | null | undefined,
  text: string | undefined,
): Privileges | null | undefined {
  if (text === undefined) return current;
  const match = /^(config|file|registry):\/\/(.*)$/.exec(text);
  if (!match)
    throw new SwarmError(
      "invalid",
      `invalid credential spec "${text}": it begins with config://, file:// or registry://`,
    );
  const field = { config: "Config", file: "File", registry: "Registry" }[match[1] ?? ""] ?? "File";
  return { ...current, CredentialSpec: { [field]: match[2] } };
}
