import { nameOf, type Filter } from "./filter.ts";

/** The service has fewer tasks on the node than its placement allows. */
export const maxReplicasFilter: Filter = {
  name: "max-replicas",
  about: "room",
  prepare(task) {
    const limit = task.spec?.placement?.maxReplicas ?? 0;
    if (limit === 0) return undefined;
    return (info) => info.countOf(task.serviceId) < limit;
  },
  shortages(task, info) {
    const limit = task.spec?.placement?.maxReplicas ?? 0;
    const present = info.countOf(task.serviceId);
    if (limit === 0 || present < limit) return [];
    const change = `raise the service's replicas per node over ${limit}, for node ${nameOf(info)}`;
    const needed = `fewer than ${limit} tasks of the service`;
    return [{ what: "replicas", needed, available: `${present} present`, change, cost: 1 }];
  },
  explain: () => "max replicas per node limit exceed",
};
