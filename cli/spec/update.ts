import { SwarmError } from "../../lib/errors.ts";
import type {
  EndpointSpec,
  GenericResource,
  NetworkAttachment,
  Placement,
  ServiceMode,
  ServiceSpec,
  TaskTemplate,
} from "../api/service-types.ts";
import type { Port } from "../api/types.ts";
import { editByKey, editMap, editWords } from "./edit.ts";
import { present } from "./present.ts";
import type { UpdateFlags } from "./service-flags.ts";
import { applyShared } from "./shared.ts";
import { updateContainer, type UpdateReferences } from "./update-container.ts";

/** What flags name and only the engine knows. */
export interface UpdateLookups extends UpdateReferences {
  readonly networksAdd: readonly NetworkAttachment[];
  /** Ids of `--network-rm`. */
  readonly networksRm: readonly string[];
}

/** The spec that `service update` sends: `spec` with what the flags change, nothing else. */
export function updateServiceSpec(
  spec: ServiceSpec,
  flags: UpdateFlags,
  lookups: UpdateLookups,
): ServiceSpec {
  const shared = applyShared(spec, flags);
  return {
    ...shared,
    Labels: editMap(shared.Labels, flags.labelAdd, flags.labelRm),
    TaskTemplate: updateTask(shared.TaskTemplate, flags, lookups),
    ...(shared.Mode ? { Mode: updateMode(shared.Mode, flags) } : {}),
    EndpointSpec: updateEndpoint(shared.EndpointSpec, flags),
  };
}

function updateTask(task: TaskTemplate, flags: UpdateFlags, lookups: UpdateLookups): TaskTemplate {
  const { Networks, ...rest } = task;
  return {
    ...rest,
    ContainerSpec: updateContainer(task.ContainerSpec ?? {}, flags, lookups),
    Resources: {
      ...task.Resources,
      Reservations: present({
        ...task.Resources?.Reservations,
        GenericResources: editByKey(
          task.Resources?.Reservations?.GenericResources,
          resourceKind,
          flags.genericResourceAdd,
          (resource) => flags.genericResourceRm?.includes(resourceKind(resource)) ?? false,
        ),
      }),
    },
    Placement: updatePlacement(task.Placement, flags),
    ...present({
      Networks: editByKey(
        Networks,
        (network) => network.Target ?? "",
        lookups.networksAdd,
        (network) => lookups.networksRm.includes(network.Target ?? ""),
      ),
    }),
    ForceUpdate: (task.ForceUpdate ?? 0) + (flags.force ? 1 : 0),
  };
}

function resourceKind(resource: GenericResource): string {
  return (resource.DiscreteResourceSpec ?? resource.NamedResourceSpec)?.Kind ?? "";
}

function updatePlacement(placement: Placement | undefined, flags: UpdateFlags): Placement {
  const descriptorOf = (preference: { readonly Spread: { readonly SpreadDescriptor: string } }) =>
    preference.Spread.SpreadDescriptor;
  return present({
    ...placement,
    Constraints: editWords(placement?.Constraints, flags.constraintAdd, flags.constraintRm),
    Preferences: editByKey(
      placement?.Preferences,
      descriptorOf,
      flags.placementPrefAdd?.map((descriptor) => ({ Spread: { SpreadDescriptor: descriptor } })),
      (preference) => flags.placementPrefRm?.includes(descriptorOf(preference)) ?? false,
    ),
  });
}

function updateMode(mode: ServiceMode, flags: UpdateFlags): ServiceMode {
  if (flags.maxConcurrent !== undefined && !mode.ReplicatedJob)
    throw new SwarmError("invalid", "--max-concurrent can only be used with replicated-job mode");
  if (mode.ReplicatedJob)
    return {
      ReplicatedJob: present({
        MaxConcurrent: flags.maxConcurrent ?? mode.ReplicatedJob.MaxConcurrent,
        TotalCompletions: flags.replicas ?? mode.ReplicatedJob.TotalCompletions,
      }),
    };
  if (flags.replicas === undefined) return mode;
  if (!mode.Replicated)
    throw new SwarmError(
      "invalid",
      "--replicas can only be used with replicated or replicated-job mode",
    );
  return { Replicated: { Replicas: flags.replicas } };
}

function updateEndpoint(endpoint: EndpointSpec | undefined, flags: UpdateFlags): EndpointSpec {
  const removed = flags.publishRm?.flat() ?? [];
  const added = flags.publishAdd?.flat() ?? [];
  return present({
    ...endpoint,
    Ports: editByKey(endpoint?.Ports, portKey, added, (port) =>
      removed.some((other) => isSamePort(port, other)),
    ),
  });
}

function portKey(port: Port): string {
  return [port.PublishedPort ?? 0, port.TargetPort, port.Protocol, port.PublishMode].join("/");
}

/** `--publish-rm` names the target port and its protocol; a published port in it is ignored. */
function isSamePort(port: Port, named: Port): boolean {
  return (
    port.TargetPort === named.TargetPort && (port.Protocol ?? "tcp") === (named.Protocol ?? "tcp")
  );
}
