import { genericAmount, genericKind, reservationOf } from "../../resources/reservation.ts";
import { nodes, type Filter } from "./filter.ts";

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
      if (info.freeCpu < nanoCpus || info.freeMemory < memoryBytes) return false;
      for (const [kind, amount] of kinds) if (info.freeGeneric(kind) < amount) return false;
      return true;
    };
  },
  explain: (count) => `insufficient resources on ${nodes(count)}`,
};
