/** Work on the Raft state of a manager that is stopped; loaded only for that. */
export { forceNewCluster } from "../raft/shell/offline/force-new-cluster.ts";
export { inspectRaft } from "../raft/shell/offline/inspect.ts";
