import type { Filter } from "./filter.ts";

/** The service has fewer tasks on the node than its placement allows. */
export const maxReplicasFilter: Filter = {
  name: "max-replicas",
  about: "room",
  prepare(task) {
    const limit = task.spec?.placement?.maxReplicas ?? 0;
    if (limit === 0) return undefined;
    return (info) => info.countOf(task.serviceId) < limit;
  },
  explain: () => "max replicas per node limit exceed",
};
