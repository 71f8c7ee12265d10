/** What beginning a cluster takes; loaded only then, so that workers do without managers' code. */
export { bootstrapObjects } from "../manager/control/bootstrap.ts";
export { checkCluster } from "../manager/control/validate/cluster.ts";
