/** Who may make a call: anyone, a node of the cluster, or only a manager of it. */
export type Permission = "anyone" | "node" | "manager";

const TABLE: Readonly<Record<string, Permission>> = {
  // Joiners have no certificate yet; the service itself asks for a token, or a certificate.
  "/skep.v1.NodeCa/GetRootCaCertificate": "anyone",
  "/skep.v1.NodeCa/IssueNodeCertificate": "anyone",
  "/skep.v1.NodeCa/NodeCertificateStatus": "anyone",
  "/skep.v1.NodeCa/GetUnlockKey": "manager",

  "/skep.v1.Membership/JoinRaft": "manager",
  "/skep.v1.Membership/LeaveRaft": "manager",

  // The whole cluster's state, secrets too: managers only.
  "/skep.v1.Control/GetNode": "manager",
  "/skep.v1.Control/ListNodes": "manager",
  "/skep.v1.Control/UpdateNode": "manager",
  "/skep.v1.Control/RemoveNode": "manager",
  "/skep.v1.Control/GetService": "manager",
  "/skep.v1.Control/ListServices": "manager",
  "/skep.v1.Control/CreateService": "manager",
  "/skep.v1.Control/UpdateService": "manager",
  "/skep.v1.Control/RemoveService": "manager",
  "/skep.v1.Control/GetTask": "manager",
  "/skep.v1.Control/ListTasks": "manager",
  "/skep.v1.Control/RemoveTask": "manager",
  "/skep.v1.Control/ExplainTask": "manager",
  "/skep.v1.Control/PlanService": "manager",
  "/skep.v1.Control/WhatIf": "manager",
  "/skep.v1.Control/Rebalance": "manager",
  "/skep.v1.Control/ListMoves": "manager",
  "/skep.v1.Control/GetNetwork": "manager",
  "/skep.v1.Control/ListNetworks": "manager",
  "/skep.v1.Control/CreateNetwork": "manager",
  "/skep.v1.Control/RemoveNetwork": "manager",
  "/skep.v1.Control/GetSecret": "manager",
  "/skep.v1.Control/ListSecrets": "manager",
  "/skep.v1.Control/CreateSecret": "manager",
  "/skep.v1.Control/UpdateSecret": "manager",
  "/skep.v1.Control/RemoveSecret": "manager",
  "/skep.v1.Control/GetConfig": "manager",
  "/skep.v1.Control/ListConfigs": "manager",
  "/skep.v1.Control/CreateConfig": "manager",
  "/skep.v1.Control/UpdateConfig": "manager",
  "/skep.v1.Control/RemoveConfig": "manager",
  "/skep.v1.Control/GetVolume": "manager",
  "/skep.v1.Control/ListVolumes": "manager",
  "/skep.v1.Control/CreateVolume": "manager",
  "/skep.v1.Control/UpdateVolume": "manager",
  "/skep.v1.Control/RemoveVolume": "manager",
  "/skep.v1.Control/GetExtension": "manager",
  "/skep.v1.Control/ListExtensions": "manager",
  "/skep.v1.Control/CreateExtension": "manager",
  "/skep.v1.Control/RemoveExtension": "manager",
  "/skep.v1.Control/GetResource": "manager",
  "/skep.v1.Control/ListResources": "manager",
  "/skep.v1.Control/CreateResource": "manager",
  "/skep.v1.Control/UpdateResource": "manager",
  "/skep.v1.Control/RemoveResource": "manager",
  "/skep.v1.Control/ListServiceStatuses": "manager",
  "/skep.v1.Control/GetCluster": "manager",
  "/skep.v1.Control/UpdateCluster": "manager",
  "/skep.v1.Control/ReadUnlockKey": "manager",
  "/skep.v1.Control/Watch": "manager",

  // External schedulers see what waits and where there is room, and place tasks.
  "/skep.v1.Scheduling/Offers": "manager",
  "/skep.v1.Scheduling/Place": "manager",

  // What a node does about itself; the service checks that it is itself.
  "/skep.v1.Dispatcher/Session": "node",
  "/skep.v1.Dispatcher/Heartbeat": "node",
  "/skep.v1.Dispatcher/UpdateTaskStatus": "node",
  "/skep.v1.Dispatcher/Assignments": "node",
  "/skep.v1.Dispatcher/UpdateVolumeStatus": "node",

  "/skep.v1.Logs/SubscribeLogs": "manager",

  "/skep.v1.LogBroker/ListenSubscriptions": "node",
  "/skep.v1.LogBroker/PublishLogs": "node",

  // Whoever reaches into a task is what its program is: managers only. A node serves its own tasks.
  "/skep.v1.Reach/Open": "manager",
  "/skep.v1.ReachBroker/ListenReach": "node",
  "/skep.v1.ReachBroker/ServeReach": "node",

  "/skep.v1.RaftTransport/Exchange": "manager",
  "/skep.v1.RaftTransport/InstallSnapshot": "manager",
};

/**
 * Who may call which RPC, by its path. One without a row may be called by nobody, so that whoever
 * adds one decides it here.
 */
export const PERMISSIONS: ReadonlyMap<string, Permission> = new Map(Object.entries(TABLE));
