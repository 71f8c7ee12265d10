import type { GenericResource, Task } from "../../proto/generated.ts";
import { genericAmount, genericKind, reservationOf } from "../resources/reservation.ts";
import type { NodeInfo } from "./node-info.ts";

/**
 * What of a node's generic resources `task` gets: of named ones certain names that no other task
 * holds, of discrete ones an amount. The node must have passed the resource filter.
 */
export function claimGeneric(task: Task, info: NodeInfo): readonly GenericResource[] {
  const wanted = reservationOf(task)?.generic ?? [];
  if (wanted.length === 0) return [];
  const offered = info.node.description?.resources?.generic ?? [];
  const taken = new Set<string>();
  for (const other of info.tasks)
    for (const claim of other.assignedGenericResources)
      if (claim.resource === "named") taken.add(`${claim.named.kind}=${claim.named.value}`);
  const kinds = new Set(wanted.map(genericKind));
  return [...kinds].flatMap((kind): GenericResource[] => {
    const amount = genericAmount(wanted, kind);
    const names = offered.flatMap((o) =>
      o.resource === "named" && o.named.kind === kind ? [o.named] : [],
    );
    if (names.length === 0) return [{ resource: "discrete", discrete: { kind, value: amount } }];
    return names
      .filter((named) => !taken.has(`${named.kind}=${named.value}`))
      .slice(0, amount)
      .map((named) => ({ resource: "named", named }));
  });
}
