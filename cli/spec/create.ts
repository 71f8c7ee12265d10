import { SwarmError } from "../../lib/errors.ts";
import type {
  ConfigReference,
  ContainerSpec,
  NetworkAttachment,
  SecretReference,
  ServiceMode,
  ServiceSpec,
} from "../api/service-types.ts";
import { lastOfEachKey, toMap } from "../flags/fields.ts";
import { withDefaultTag } from "./image.ts";
import { present } from "./present.ts";
import type { CreateFlags } from "./service-flags.ts";
import { applyShared } from "./shared.ts";

/** The label that asks for the process runtime, and the image that stands for "none" there. */
const RUNTIME_LABEL = "skep.runtime";
export const PROCESS_IMAGE = "process";

/** What flags name and only the engine or the disk know. */
export interface Lookups {
  readonly networks: readonly NetworkAttachment[];
  readonly secrets: readonly SecretReference[];
  readonly configs: readonly ConfigReference[];
  /** Lines of the `--env-file`s, in order. */
  readonly fileEnv: readonly string[];
}

/**
 * The spec that `service create` sends for its flags and operands: `IMAGE [COMMAND] [ARG…]`, or
 * `COMMAND [ARG…]` with the process runtime. The same fields are set as docker's client sets.
 */
export function buildServiceSpec(
  flags: CreateFlags,
  operands: readonly string[],
  lookups: Lookups,
): ServiceSpec {
  const isProcess = flags.runtime === "process";
  const [image = "", ...rest] = isProcess ? [PROCESS_IMAGE, ...operands] : operands;
  const mode = serviceMode(flags);
  const base: ServiceSpec = {
    ...present({ Name: flags.name }),
    Labels: {
      ...toMap(flags.label ?? []),
      ...(isProcess ? { [RUNTIME_LABEL]: "process" } : {}),
    },
    TaskTemplate: {
      ContainerSpec: container(flags, isProcess ? image : withDefaultTag(image), rest, lookups),
      Resources: {
        Reservations: present({ GenericResources: flags.genericResource }),
      },
      Placement: present({
        Constraints: flags.constraint,
        Preferences: flags.placementPref?.map((descriptor) => ({
          Spread: { SpreadDescriptor: descriptor },
        })),
      }),
      ...present({ Networks: lookups.networks }),
      ForceUpdate: 0,
    },
    Mode: mode,
    EndpointSpec: present({ Mode: "vip", Ports: flags.publish?.flat() }),
  };
  return checkJob(applyShared(base, flags));
}

function container(
  flags: CreateFlags,
  image: string,
  args: readonly string[],
  lookups: Lookups,
): ContainerSpec {
  return {
    ...present({
      Image: image,
      Labels: toMap(flags.containerLabel ?? []),
      Args: args,
      Env: lastOfEachKey([...lookups.fileEnv, ...(flags.env ?? [])]),
      Groups: flags.group,
      Mounts: flags.mount,
      Hosts: flags.host,
      Secrets: lookups.secrets,
      Configs: lookups.configs,
      Sysctls: toMap(flags.sysctl ?? []),
      CapabilityAdd: flags.capAdd,
      CapabilityDrop: flags.capDrop,
      Ulimits: flags.ulimit,
      DNSConfig: present({
        Nameservers: flags.dns,
        Search: flags.dnsSearch,
        Options: flags.dnsOption,
      }),
    }),
    Init: false,
  } as ContainerSpec;
}

function serviceMode(flags: CreateFlags): ServiceMode {
  const mode = flags.mode ?? "replicated";
  const hasReplicas = mode === "replicated" || mode === "replicated-job";
  const refuse = (flag: string, modes: string): SwarmError =>
    new SwarmError("invalid", `--${flag} can only be used with ${modes} mode`);
  if (flags.replicas !== undefined && !hasReplicas)
    throw refuse("replicas", "replicated or replicated-job");
  if (flags.replicasMaxPerNode !== undefined && !hasReplicas)
    throw refuse("replicas-max-per-node", "replicated or replicated-job");
  if (flags.maxConcurrent !== undefined && mode !== "replicated-job")
    throw refuse("max-concurrent", "replicated-job");
  switch (mode) {
    case "global":
      return { Global: {} };
    case "global-job":
      return { GlobalJob: {} };
    case "replicated-job":
      return {
        ReplicatedJob: {
          ...(flags.replicas === undefined
            ? {}
            : {
                MaxConcurrent: flags.maxConcurrent ?? flags.replicas,
                TotalCompletions: flags.replicas,
              }),
          ...(flags.maxConcurrent === undefined ? {} : { MaxConcurrent: flags.maxConcurrent }),
        },
      };
    default:
      return {
        Replicated: flags.replicas === undefined ? {} : { Replicas: flags.replicas },
      };
  }
}

function checkJob(spec: ServiceSpec): ServiceSpec {
  const isJob = spec.Mode?.ReplicatedJob ?? spec.Mode?.GlobalJob;
  if (isJob && (spec.UpdateConfig || spec.RollbackConfig))
    throw new SwarmError("invalid", "update and rollback configuration is not supported for jobs");
  return spec;
}
