import { genericAmount, genericKind, reservationOf } from "../../resources/reservation.ts";
import { formatBytes } from "../../../lib/units.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter, type Shortage } from "./filter.ts";

/** What the task reserves is still free: CPU, memory and generic resources. */
export const resourceFilter: Filter = {
  name: "resources",
  about: "room",
  prepare(task) {
    const reserved = reservationOf(task);
    if (!reserved) return undefined;
    const { nanoCpus, memoryBytes, generic } = reserved;
    if (nanoCpus === 0 && memoryBytes === 0 && generic.length === 0) return undefined;
    const kinds = new Map<string, number>();
    for (const wanted of generic) {
      const kind = genericKind(wanted);
      kinds.set(kind, genericAmount(generic, kind));
    }
    return (info) => {
      // What a task does not ask for may well be overdrawn, after a node has lost some of it.
      if (nanoCpus > 0 && info.freeCpu < nanoCpus) return false;
      if (memoryBytes > 0 && info.freeMemory < memoryBytes) return false;
      for (const [kind, amount] of kinds) if (info.freeGeneric(kind) < amount) return false;
      return true;
    };
  },
  shortages(task, info) {
    const reserved = reservationOf(task);
    if (!reserved) return [];
    const { nanoCpus, memoryBytes, generic } = reserved;
    const kinds = [...new Set(generic.map(genericKind))];
    return [
      ...missing("CPUs", nanoCpus, info.freeCpu, (nano) => `${nano / 1e9}`, info),
      ...missing("memory", memoryBytes, info.freeMemory, formatBytes, info),
      ...kinds.flatMap((kind) =>
        missing(kind, genericAmount(generic, kind), info.freeGeneric(kind), String, info),
      ),
    ];
  },
  explain: (count) => `insufficient resources on ${nodes(count)}`,
};

function missing(
  what: string,
  needed: number,
  free: number,
  format: (amount: number) => string,
  info: NodeInfo,
): readonly Shortage[] {
  if (needed === 0 || needed <= free) return [];
  const change = `free ${format(needed - free)} of ${what} on node ${nameOf(info)}`;
  const available = format(Math.max(0, free));
  return [{ what, needed: format(needed), available, change, cost: (needed - free) / needed }];
}
