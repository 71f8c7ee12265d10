import type { GenericResource, Resources, Task } from "../../proto/generated.ts";

/** What a task asks to be kept free for it. Limits play no part in placing. */
export function reservationOf(task: Task): Resources | null {
  return task.spec?.resources?.reservations ?? null;
}

/** The kind of a generic resource; empty for an unset one. */
export function genericKind(resource: GenericResource): string {
  if (resource.resource === "named") return resource.named.kind;
  return resource.resource === "discrete" ? resource.discrete.kind : "";
}

/** How many units of `kind` there are among `resources`; a named one is one unit. */
export function genericAmount(resources: readonly GenericResource[], kind: string): number {
  let amount = 0;
  for (const resource of resources) {
    if (genericKind(resource) !== kind) continue;
    amount += resource.resource === "discrete" ? resource.discrete.value : 1;
  }
  return amount;
}
