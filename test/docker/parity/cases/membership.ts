import { del, filtered, get, gets, post, type Step } from "../step.ts";

const SOME_KEY = "SWMKEY-1-" + "A".repeat(43);
const address = { ListenAddr: "{listen}", AdvertiseAddr: "127.0.0.1" };

/** Before there is a swarm. */
export const OUTSIDE: readonly Step[] = [
  ...gets("/_ping", "/v1.24/_ping", "/v1.41/_ping", "/nope", "/v1.41/nope", "/vX/services"),
  { method: "HEAD", path: "/_ping" },
  { method: "PUT", path: "/services" },
  { method: "POST", path: "/services" },
  get("/version", { compare: "nothing" }),
  ...gets("/swarm", "/v1.41/swarm", "/swarm/unlockkey", "/nodes", "/nodes/x", "/services"),
  ...gets("/services/x", "/tasks", "/tasks/x", "/secrets", "/secrets/x", "/configs", "/configs/x"),
  ...gets("/services/x/logs?stdout=1", "/tasks/x/logs?stdout=1", "/services?filters=%7B"),
  ...gets("/networks/nope", "/services/x/logs"),
  filtered("/networks", { scope: { swarm: true } }),
  filtered("/networks", { bogus: { swarm: true } }),
  filtered("/services", { bogus: ["x"] }),
  get("/services?status=maybe"),
  post("/swarm/unlock", { UnlockKey: "x" }),
  post("/swarm/unlock", { UnlockKey: SOME_KEY }),
  post("/swarm/leave"),
  post("/swarm/leave?force=1"),
  post("/services/create", { Name: "a", TaskTemplate: { ContainerSpec: { Image: "i" } } }),
  post("/secrets/create", { Name: "a", Data: "eA==" }),
  post("/configs/create", { Name: "a" }),
  post("/networks/create", { Name: "ov", Driver: "overlay" }),
  post("/services/x/update?version=1", {}),
  post("/services/x/update", {}),
  post("/nodes/x/update?version=1", {}),
  post("/swarm/update?version=1", {}),
  ...["/nodes/x", "/services/x", "/secrets/x", "/configs/x", "/networks/x"].map((path) =>
    del(path),
  ),
  post("/swarm/join", {}),
  post("/swarm/join", { ListenAddr: "0.0.0.0:2377" }),
  post("/swarm/join", {
    ListenAddr: "{listen}",
    RemoteAddrs: ["127.0.0.1:1"],
    JoinToken: "nonsense",
  }),
  ...[
    {},
    "{",
    "[]",
    '{"ListenAddr": 5}',
    { ListenAddr: "nonsense" },
    { ListenAddr: "127.0.0.1:0", AdvertiseAddr: "0.0.0.0" },
    { ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "nonsense0" },
    { ...address, SubnetSize: 40, DefaultAddrPool: ["10.0.0.0/8"] },
    { ...address, SubnetSize: 7, DefaultAddrPool: ["10.0.0.0/8"] },
    { ...address, DefaultAddrPool: ["nonsense"] },
    { ...address, DataPathPort: 80 },
    { ...address, Spec: { Name: "other" } },
    { ...address, Availability: "lazy" },
    { ...address, Spec: { CAConfig: { NodeCertExpiry: 1000 } } },
  ].map((body) => post("/swarm/init", body)),
  post("/swarm/leave?force=1", undefined, {
    differs: { status: 503, why: "a swarm whose settings are refused is not made at all" },
  }),
];

/** Making one, and what cannot be done twice. */
export const INIT: readonly Step[] = [
  post(
    "/swarm/init",
    {
      ...address,
      AcceptancePolicy: {},
      Spec: { Labels: null, Orchestration: {}, Raft: { ElectionTick: 0, HeartbeatTick: 0 } },
    },
    { learn: { node: "" } },
  ),
  get("/nodes/{node}", {
    learn: { host: "Description.Hostname" },
    until: (node: { Status: { State: string }; ManagerStatus: { Leader: boolean } }) =>
      node.Status.State === "ready" && node.ManagerStatus.Leader,
  }),
  post("/swarm/init", address),
  post("/swarm/join", { ListenAddr: "0.0.0.0:2377", RemoteAddrs: ["127.0.0.1:1"] }),
  post("/swarm/leave"),
  get("/swarm", { learn: { cluster: "ID" } }),
  get("/info", { compare: "nothing" }),
];

const spec = (more: object = {}): object => ({
  Name: "default",
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: {
    SnapshotInterval: 10_000,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 1,
  },
  Dispatcher: { HeartbeatPeriod: 5e9 },
  CAConfig: { NodeCertExpiry: 7_776e12 },
  ...more,
});
const swarm = get("/swarm", { learn: { v: "Version.Index" } });
const update = (body: unknown, more = ""): Step => post(`/swarm/update?version={v}${more}`, body);

/** Its settings, tokens and keys. */
export const SWARM: readonly Step[] = [
  swarm,
  post("/swarm/update", {}),
  post("/swarm/update?version=abc", {}),
  post("/swarm/update?version=99999", { Name: "default" }),
  update({ Name: "other" }),
  update({ Name: "default" }, "&rotateWorkerToken=maybe"),
  update(spec({ CAConfig: { NodeCertExpiry: 1000 } })),
  update(spec({ Dispatcher: { HeartbeatPeriod: -5 } })),
  update(spec({ CAConfig: { ExternalCAs: [{ Protocol: "foo", URL: "x" }] } })),
  update(spec({ Labels: { a: "b" }, Orchestration: { TaskHistoryRetentionLimit: 0 } })),
  swarm,
  update(spec(), "&rotateWorkerToken=1&rotateManagerToken=true"),
  swarm,
  get("/swarm/unlockkey"),
  update(spec({ EncryptionConfig: { AutoLockManagers: true } })),
  get("/swarm/unlockkey"),
  swarm,
  update(spec({ EncryptionConfig: { AutoLockManagers: false } }), "&rotateManagerUnlockKey=0"),
  get("/swarm/unlockkey"),
  post("/swarm/unlock", { UnlockKey: SOME_KEY }),
  post("/swarm/unlock", { UnlockKey: "x" }),
  swarm,
];

const node = get("/nodes/{node}", { learn: { v: "Version.Index" } });
const change = (body: unknown): Step => post("/nodes/{node}/update?version={v}", body);
const manager = { Role: "manager", Availability: "active" };

/** Nodes. */
export const NODES: readonly Step[] = [
  node,
  ...gets("/nodes", "/nodes/{host}", "/nodes/nope", "/nodes/self", "/nodes/"),
  ...gets("/nodes?filters=null", "/nodes?filters="),
  ...[
    { role: { manager: true } },
    { role: { worker: true } },
    { role: { king: true } },
    { role: { manager: false } },
    { role: [] },
    { membership: ["accepted"] },
    { membership: ["pending"] },
    { membership: ["x"] },
    { name: ["{host}"] },
    { id: ["nope"] },
    { label: ["a=b"] },
    { bogus: ["x"] },
    { name: "x" },
    { name: ["x", 5] },
    ["x"],
    "x",
  ].map((filter) => filtered("/nodes", filter)),
  post("/nodes/{node}/update", manager),
  post("/nodes/{node}/update?version=1", manager),
  post("/nodes/nope/update?version={v}", manager),
  change({ ...manager, Role: "king" }),
  change({ ...manager, Availability: "lazy" }),
  change({ Availability: "active" }),
  change({ Role: "manager" }),
  change({ ...manager, Role: "worker" }),
  node,
  change({ ...manager, Labels: { a: "b", c: "" } }),
  node,
  ...[["a=b"], ["a=b", "c"], ["c="], ["a=x"], ["zz"]].map((labels) =>
    filtered("/nodes", { "node.label": labels }),
  ),
  change({ ...manager, Name: "renamed" }),
  node,
  get("/nodes/renamed"),
  change(manager),
  del("/nodes/{node}"),
  del("/nodes/{node}?force=1"),
  del("/nodes/nope"),
  { method: "PUT", path: "/nodes/{node}" },
  post("/nodes/{node}", {}),
];

/** The end of it. */
export const LEAVING: readonly Step[] = [
  post("/swarm/leave"),
  post("/swarm/leave?force=1"),
  get("/swarm"),
  post("/swarm/leave?force=1"),
];
