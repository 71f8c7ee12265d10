import type { Json } from "../fakes/docker-api.ts";
import type { FakeDockerApi } from "../fakes/docker-api.ts";

/** The time on the clock of tests that show ages. */
export const NOW = Date.parse("2026-11-20T10:00:00Z");

/** A node as the API shows it. */
export function node(id: string, hostname: string, more: Json = {}): Json {
  return {
    ID: id.padEnd(25, "0"),
    Version: { Index: 9 },
    CreatedAt: "2026-11-20T08:00:00Z",
    UpdatedAt: "2026-11-20T08:00:00Z",
    Spec: {
      Labels: {},
      Role: more["ManagerStatus"] ? "manager" : "worker",
      Availability: "active",
    },
    Description: {
      Hostname: hostname,
      Platform: { Architecture: "x86_64", OS: "linux" },
      Resources: { NanoCPUs: 2e9, MemoryBytes: 8e9 },
      Engine: { EngineVersion: "28.2.2" },
      TLSInfo: { TrustRoot: "PEM" },
    },
    Status: { State: "ready", Addr: "10.0.0.1" },
    ...more,
  };
}

/** A replicated service as the API shows it. */
export function service(id: string, name: string, replicas: number, more: Json = {}): Json {
  return {
    ID: id.padEnd(25, "0"),
    Version: { Index: 11 },
    CreatedAt: "2026-11-20T08:00:00Z",
    UpdatedAt: "2026-11-20T08:00:00Z",
    Spec: {
      Name: name,
      Labels: {},
      TaskTemplate: {
        ContainerSpec: { Image: "nginx:1.25" },
        Resources: { Limits: {}, Reservations: {} },
        Placement: {},
        ForceUpdate: 0,
      },
      Mode: { Replicated: { Replicas: replicas } },
      EndpointSpec: { Mode: "vip" },
    },
    Endpoint: { Spec: {} },
    ServiceStatus: { RunningTasks: 1, DesiredTasks: replicas },
    ...more,
  };
}

/** A task of a replicated service. */
export function task(
  id: string,
  owner: { readonly service: string; readonly slot: number; readonly node: string },
  state: string,
  more: Json = {},
): Json {
  return {
    ID: id.padEnd(25, "0"),
    Version: { Index: 12 },
    CreatedAt: "2026-11-20T09:00:00Z",
    UpdatedAt: "2026-11-20T09:00:00Z",
    Spec: { ContainerSpec: { Image: "nginx:1.25@sha256:".padEnd(82, "a") } },
    ServiceID: owner.service.padEnd(25, "0"),
    Slot: owner.slot,
    ...(owner.node === "" ? {} : { NodeID: owner.node.padEnd(25, "0") }),
    Status: { State: state, Timestamp: "2026-11-20T09:55:00Z" },
    DesiredState: "running",
    ...more,
  };
}

/** Gives `api` a swarm of two managers and a worker, a network, a secret and a config. */
export function fillSwarm(api: FakeDockerApi): void {
  const manager = (addr: string, leader: boolean): Json => ({
    ManagerStatus: { ...(leader ? { Leader: true } : {}), Reachability: "reachable", Addr: addr },
  });
  api.objects.nodes.push(
    node("aa", "alpha", manager("10.0.0.1:2377", true)),
    node("bb", "beta", manager("10.0.0.2:2377", false)),
    node("cc", "gamma"),
  );
  api.swarm = {
    ID: "cluster",
    Version: { Index: 5 },
    Spec: {
      Name: "default",
      Labels: {},
      Orchestration: { TaskHistoryRetentionLimit: 5 },
      Raft: { SnapshotInterval: 10000, KeepOldSnapshots: 0 },
      Dispatcher: { HeartbeatPeriod: 5e9 },
      CAConfig: { NodeCertExpiry: 7776e12 },
      TaskDefaults: {},
      EncryptionConfig: { AutoLockManagers: false },
    },
    TLSInfo: { TrustRoot: "PEM" },
    JoinTokens: { Worker: "SWMTKN-1-worker", Manager: "SWMTKN-1-manager" },
  };
  api.info = {
    Name: "alpha",
    Swarm: {
      NodeID: "aa".padEnd(25, "0"),
      NodeAddr: "10.0.0.1",
      LocalNodeState: "active",
      ControlAvailable: true,
      RemoteManagers: [{ NodeID: "aa".padEnd(25, "0"), Addr: "10.0.0.1:2377" }],
      Nodes: 3,
      Managers: 2,
      Cluster: { ...api.swarm, JoinTokens: undefined },
    },
  };
  const stamps = { CreatedAt: "2026-11-20T08:00:00Z", UpdatedAt: "2026-11-20T09:00:00Z" };
  api.objects.networks.push({
    Id: "net1net1net1net1net1net1n",
    Name: "front",
    Scope: "swarm",
    Driver: "overlay",
    Created: "2026-11-20T08:00:00Z",
  });
  api.objects.secrets.push({
    ID: "sec1sec1sec1sec1sec1sec1s",
    Version: { Index: 3 },
    ...stamps,
    Spec: { Name: "pw", Labels: {} },
  });
  api.objects.configs.push({
    ID: "con1con1con1con1con1con1c",
    Version: { Index: 3 },
    ...stamps,
    Spec: { Name: "conf", Labels: {} },
  });
}
