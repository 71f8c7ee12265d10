import type { Service } from "../api/service-types.ts";
import { familiarImage } from "./image.ts";
import type { Listing, Row } from "./listing.ts";
import { formatPorts } from "./ports.ts";

/** `service ls`. */
export const SERVICE_LISTING: Listing = {
  table: "{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}",
  headers: {
    ID: "ID",
    Name: "NAME",
    Mode: "MODE",
    Replicas: "REPLICAS",
    Image: "IMAGE",
    Ports: "PORTS",
  },
  quiet: "{{.ID}}",
};

/** Docker prints this much of a service's id in lists. */
const SHORT_ID_LENGTH = 12;

/** Rows in order of name, numbers by value. */
export function serviceRows(services: readonly Service[]): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return services
    .toSorted((a, b) => byName.compare(a.Spec.Name ?? "", b.Spec.Name ?? ""))
    .map((service) => ({
      ID: service.ID.slice(0, SHORT_ID_LENGTH),
      Name: service.Spec.Name ?? "",
      Mode: modeName(service),
      Replicas: replicas(service),
      Image: familiarImage(service.Spec.TaskTemplate.ContainerSpec?.Image ?? ""),
      Ports: formatPorts(
        service.Endpoint?.Ports?.filter((port) => port.PublishMode !== "host") ?? [],
      ),
    }));
}

/** `replicated`, `global`, `replicated job` or `global job`. */
export function modeName({ Spec: { Mode } }: Pick<Service, "Spec">): string {
  if (Mode?.Global) return "global";
  if (Mode?.ReplicatedJob) return "replicated job";
  if (Mode?.GlobalJob) return "global job";
  return "replicated";
}

function replicas({ Spec, ServiceStatus: status }: Service): string {
  const running = `${status?.RunningTasks ?? 0}/${status?.DesiredTasks ?? 0}`;
  const job = Spec.Mode?.ReplicatedJob;
  if (job) {
    const total = job.TotalCompletions ?? job.MaxConcurrent ?? 1;
    return `${running} (${status?.CompletedTasks ?? 0}/${total} completed)`;
  }
  if (Spec.Mode?.GlobalJob) {
    const total = (status?.DesiredTasks ?? 0) + (status?.CompletedTasks ?? 0);
    return `${running} (${status?.CompletedTasks ?? 0}/${total} completed)`;
  }
  const most = Spec.TaskTemplate.Placement?.MaxReplicas ?? 0;
  return most > 0 ? `${running} (max ${most} per node)` : running;
}
