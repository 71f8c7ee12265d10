import { formatBytes, formatDuration } from "../../lib/units.ts";
import type {
  ContainerSpec,
  Mount,
  Resources,
  Service,
  TaskTemplate,
  UpdateConfig,
} from "../api/service-types.ts";
import type { Port } from "../api/types.ts";
import { capitalize } from "./ago.ts";
import { block, field, pairs, type Line } from "./lines.ts";
import { modeName } from "./service-rows.ts";

const NANO = 1e9;

/** `service inspect --pretty`. */
export function serviceText(service: Service): string {
  const { Spec: spec } = service;
  const task = spec.TaskTemplate;
  const lines: readonly Line[] = [
    field("ID", service.ID),
    field("Name", spec.Name),
    ...block("Labels", pairs(spec.Labels)),
    field("Service Mode", capitalize(modeName(service))),
    ...modeLines(service),
    ...updateStatusLines(service),
    ...block("Placement", placementLines(task)),
    ...rollout("UpdateConfig", spec.UpdateConfig),
    ...rollout("RollbackConfig", spec.RollbackConfig),
    ...block("ContainerSpec", containerLines(task.ContainerSpec ?? {})),
    ...block("Mounts", (task.ContainerSpec?.Mounts ?? []).map(mountLine)),
    ...block("Resources", resourceLines(task.Resources ?? {})),
    field("Networks", (task.Networks ?? []).map((network) => network.Target).join(" ")),
    field("Endpoint Mode", spec.EndpointSpec?.Mode),
    ...block("Ports", (service.Endpoint?.Ports ?? []).map(portLine)),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

function modeLines({ Spec: { Mode } }: Service): readonly Line[] {
  if (Mode?.Replicated) return [` Replicas: ${Mode.Replicated.Replicas ?? 1}`];
  if (!Mode?.ReplicatedJob) return [];
  return [
    ` Max Concurrent: ${Mode.ReplicatedJob.MaxConcurrent ?? 1}`,
    ` Total Completions: ${Mode.ReplicatedJob.TotalCompletions ?? 1}`,
  ];
}

function updateStatusLines({ UpdateStatus: status }: Service): readonly string[] {
  if (!status?.State) return [];
  return block("UpdateStatus", [
    field("State", status.State),
    field("Started", status.StartedAt),
    field("Completed", status.CompletedAt),
    field("Message", status.Message),
  ]);
}

function placementLines({ Placement: placement }: TaskTemplate): readonly Line[] {
  return [
    field("Constraints", (placement?.Constraints ?? []).join(", ")),
    field(
      "Preferences",
      (placement?.Preferences ?? [])
        .map((preference) => `spread=${preference.Spread.SpreadDescriptor}`)
        .join(", "),
    ),
    field("Max Replicas Per Node", placement?.MaxReplicas || undefined),
  ];
}

function rollout(title: string, config: UpdateConfig | undefined): readonly string[] {
  if (!config) return [];
  return block(title, [
    field("Parallelism", config.Parallelism),
    field("Delay", config.Delay ? formatDuration(config.Delay) : undefined),
    field("On failure", config.FailureAction),
    field("Monitoring Period", config.Monitor ? formatDuration(config.Monitor) : undefined),
    field("Max failure ratio", config.MaxFailureRatio),
    field("Order", config.Order),
  ]);
}

function containerLines(container: ContainerSpec): readonly Line[] {
  const entry = (container.Command ?? []).join(" ");
  return [
    field("Image", container.Image),
    field("Entrypoint", entry),
    field("Args", (container.Args ?? []).join(" ")),
    field("Env", (container.Env ?? []).join(" ")),
    field("Dir", container.Dir),
    field("User", container.User),
    field("Hostname", container.Hostname),
    field("Init", container.Init === undefined ? undefined : String(container.Init)),
    field("Secrets", (container.Secrets ?? []).map((secret) => secret.SecretName).join(", ")),
    field("Configs", (container.Configs ?? []).map((config) => config.ConfigName).join(", ")),
    field("CapabilityAdd", (container.CapabilityAdd ?? []).join(" ")),
    field("CapabilityDrop", (container.CapabilityDrop ?? []).join(" ")),
    field("Healthcheck", (container.Healthcheck?.Test ?? []).join(" ")),
  ];
}

function portLine({ PublishedPort = 0, TargetPort = 0, ...port }: Port): string {
  const { Protocol = "tcp", PublishMode = "ingress" } = port;
  return `${PublishedPort} -> ${TargetPort}/${Protocol} (${PublishMode})`;
}

function mountLine(mount: Mount): string {
  const parts = [mount.Source, mount.Target].filter(Boolean).join(" -> ");
  return `${parts} (${mount.Type ?? "volume"}${mount.ReadOnly ? ", read only" : ""})`;
}

function resourceLines({ Reservations, Limits }: Resources): readonly Line[] {
  const amount = (resources: Resources["Limits"]): readonly Line[] => [
    field("CPU", resources?.NanoCPUs ? resources.NanoCPUs / NANO : undefined),
    field("Memory", resources?.MemoryBytes ? formatBytes(resources.MemoryBytes) : undefined),
    field("Pids", resources?.Pids || undefined),
  ];
  return [...block("Reservations", amount(Reservations)), ...block("Limits", amount(Limits))];
}
