import assert from "node:assert/strict";
import { tlsInfoOf } from "../../../ca/identity.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, NodeRole, PlacementStrategy } from "../../../proto/generated.ts";
import { createTestCa } from "../../fakes/certificates.ts";
import { INACTIVE } from "../../fakes/swarm-node.ts";
import { Rig } from "../rig.ts";

const DEFAULT_SPEC = {
  Name: "default",
  Labels: {},
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: {
    SnapshotInterval: 10_000,
    KeepOldSnapshots: 0,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 1,
  },
  Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
  CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};

/** What `docker swarm init` sends as Spec: zeros mean the defaults. */
const CLI_INIT_SPEC = {
  Labels: null,
  Orchestration: {},
  Raft: { ElectionTick: 0, HeartbeatTick: 0 },
  Dispatcher: {},
  CAConfig: {},
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};

describe("/swarm", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
  });
  afterEach(() => rig.close());

  /** Takes the spec of the last init into the fake cluster, as a real manager would. */
  function adoptSpec(): void {
    const spec = rig.node.inits.at(-1)?.spec ?? null;
    rig.control.cluster = {
      ...rig.control.cluster,
      spec,
      rootCa: make("RootCa", { joinTokens: { worker: "SWMTKN-1-w", manager: "SWMTKN-1-m" } }),
    };
  }

  it("starts a cluster as the CLI asks and answers with the node id", async () => {
    const reply = await rig.post("/v1.41/swarm/init", {
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "",
      DataPathAddr: "",
      DataPathPort: 0,
      DefaultAddrPool: null,
      SubnetSize: 0,
      ForceNewCluster: false,
      Spec: CLI_INIT_SPEC,
      AutoLockManagers: false,
      Availability: "active",
    });
    assert.equal(reply.status, 200);
    assert.equal(reply.json(), "m".repeat(25));
    const [init] = rig.node.inits;
    assert.deepEqual(init?.listen, { host: "0.0.0.0", port: 2377 });
    assert.deepEqual(init?.advertise, { host: "10.0.0.7", port: 2377 });
    assert.equal(init?.dataPathPort, 4789);
    assert.equal(init?.subnetSize, 24);
    assert.equal(init?.availability, NodeAvailability.ACTIVE);
    adoptSpec();
    const swarm = (await rig.get("/swarm")).json() as Record<string, unknown>;
    assert.deepEqual(swarm, {
      ID: "c".repeat(25),
      Version: { Index: 11 },
      CreatedAt: "2026-01-02T03:04:05.67Z",
      UpdatedAt: "2026-01-02T03:04:05.67Z",
      Spec: DEFAULT_SPEC,
      TLSInfo: {},
      RootRotationInProgress: false,
      DefaultAddrPool: ["10.0.0.0/8"],
      SubnetSize: 24,
      DataPathPort: 4789,
      JoinTokens: { Worker: "SWMTKN-1-w", Manager: "SWMTKN-1-m" },
    });
    const again = await rig.post("/swarm/init", { ListenAddr: "0.0.0.0" });
    assert.equal(again.status, 503);
    assert.match(again.message(), /^This node is already part of a swarm\. Use "docker swarm/);
    const forced = { ListenAddr: "0.0.0.0", ForceNewCluster: true };
    assert.equal((await rig.post("/swarm/init", forced)).status, 200);
    assert.equal(rig.node.inits.at(-1)?.forceNewCluster, true);
    rig.node.state = INACTIVE;
    assert.equal((await rig.post("/swarm/init", forced)).status, 200);
    assert.equal(rig.node.inits.at(-1)?.forceNewCluster, false, "nothing to force");
  });

  it("finds the address to advertise or says why it cannot", async () => {
    const cases: readonly (readonly [object, number, RegExp])[] = [
      [{ ListenAddr: "" }, 400, /^invalid ListenAddr "": invalid empty address$/],
      [{ ListenAddr: "nope0" }, 400, /^listen address must be an IP address or network interface/],
      [
        { ListenAddr: "0.0.0.0", AdvertiseAddr: "0.0.0.0" },
        400,
        /^advertise address must be a non-zero IP address or network interface \(with optional/,
      ],
      [{ ListenAddr: "0.0.0.0", SubnetSize: 40 }, 500, /^subnet size is out of range: 40$/],
      [
        { ListenAddr: "0.0.0.0", DataPathPort: 80 },
        500,
        /^Datapath port number is not in valid range \(1024-49151\) : 80$/,
      ],
      [
        { ListenAddr: "0.0.0.0", Spec: { Name: "other" } },
        400,
        /^swarm spec must be named "default"$/,
      ],
      [{ ListenAddr: "0.0.0.0", Availability: "lazy" }, 400, /^invalid Availability: "lazy"$/],
    ];
    for (const [body, status, message] of cases) {
      const reply = await rig.post("/swarm/init", body);
      assert.match(reply.message(), message);
      assert.equal(reply.status, status);
    }
    rig.node.addresses = [
      ...rig.node.addresses,
      { name: "eth1", address: "192.168.1.2", internal: false },
    ];
    const many = await rig.post("/swarm/init", { ListenAddr: "0.0.0.0:2377" });
    assert.match(
      many.message(),
      /^could not choose an IP address to advertise since this system has multiple addresses on/,
    );
    const named = await rig.post("/swarm/init", {
      ListenAddr: "eth1:4000",
      AdvertiseAddr: "eth0:5000",
    });
    assert.equal(named.status, 200);
    assert.deepEqual(rig.node.inits[0]?.listen, { host: "192.168.1.2", port: 4000 });
    assert.deepEqual(rig.node.inits[0]?.advertise, { host: "10.0.0.7", port: 5000 });
  });

  it("joins, and says so when it takes longer than a request may", async () => {
    const request = {
      ListenAddr: "0.0.0.0:2377",
      RemoteAddrs: ["10.0.0.1:2377"],
      JoinToken: "SWMTKN-1-x-y",
    };
    const none = await rig.post("/swarm/join", { ...request, RemoteAddrs: [] });
    assert.equal(none.status, 400);
    assert.equal(none.message(), "at least 1 RemoteAddr is required to join");
    rig.node.failure = new SwarmError("internal", "invalid join token");
    const refused = await rig.post("/swarm/join", request);
    assert.equal(refused.status, 500);
    assert.equal(refused.message(), "invalid join token");
    rig.node.failure = undefined;
    const joined = await rig.post("/swarm/join", request);
    assert.equal(joined.status, 200);
    assert.equal(joined.headers["content-length"], "0");
    assert.equal(rig.node.joins[0]?.advertise, undefined);
    assert.deepEqual(rig.node.joins[0]?.remoteAddrs, ["10.0.0.1:2377"]);
    assert.equal((await rig.post("/swarm/join", request)).status, 503);
  });

  it("lets workers leave, and managers only by force", async () => {
    const outside = await rig.post("/swarm/leave");
    assert.equal(outside.status, 503);
    assert.equal(outside.message(), "This node is not part of a swarm");
    rig.node.activate();
    rig.control.putNode({
      hostname: "m1",
      spec: make("NodeSpec", { desiredRole: NodeRole.MANAGER }),
    });
    const last = await rig.post("/swarm/leave?force=0");
    assert.equal(last.status, 503);
    assert.equal(
      last.message(),
      "You are attempting to leave the swarm on a node that is participating as a manager. " +
        "Removing the last manager erases all current state of the swarm. " +
        "Use `--force` to ignore this message. ",
    );
    assert.equal((await rig.post("/swarm/leave?force=1")).status, 200);
    rig.node.state = { ...INACTIVE, state: "active", nodeId: "w" };
    assert.equal((await rig.post("/swarm/leave")).status, 200);
    rig.node.state = { ...INACTIVE, state: "locked" };
    assert.match((await rig.post("/swarm/leave")).message(), /^Swarm is encrypted/);
    assert.deepEqual(rig.node.leaves, [true, false]);
  });

  it("updates the spec by version and rotates tokens on request", async () => {
    await rig.post("/swarm/init", { ListenAddr: "0.0.0.0", Spec: CLI_INIT_SPEC });
    adoptSpec();
    const Spec = {
      ...DEFAULT_SPEC,
      Labels: {
        a: "b",
        "skep.strategy": "random",
        "skep.rebalance.max-moves": "3",
        "skep.rebalance.interval": "20m0s",
        "skep.rebalance.warm-up": "0s",
      },
      Orchestration: { TaskHistoryRetentionLimit: 0 },
    };
    const path = "/swarm/update?version=11&rotateWorkerToken=true&rotateManagerToken=false";
    assert.equal((await rig.post("/swarm/update", Spec)).status, 400);
    assert.equal((await rig.post("/swarm/update?version=3", Spec)).status, 500);
    const reply = await rig.post(`${path}&rotateManagerUnlockKey=false`, Spec);
    assert.equal(reply.status, 200, reply.text);
    const { spec } = rig.control.cluster;
    assert.equal(spec?.taskDefaults?.strategy, PlacementStrategy.RANDOM);
    assert.deepEqual(spec?.annotations?.labels, { a: "b" });
    assert.deepEqual(spec?.rebalance, { movesMax: 3, intervalNs: 1200e9, warmUpNs: { value: 0 } });
    const Labels = { "skep.rebalance.max-moves": "many" };
    assert.equal((await rig.post("/swarm/update?version=12", { ...Spec, Labels })).status, 400);
    const swarm = (await rig.get("/swarm")).json() as Record<string, unknown>;
    assert.deepEqual(swarm["Spec"], Spec);
    assert.deepEqual(swarm["JoinTokens"], { Worker: "SWMTKN-1-11-w", Manager: "SWMTKN-1-m" });
    const odd = await rig.post("/swarm/update?version=12&rotateWorkerToken=ja", Spec);
    assert.equal(odd.status, 400);
  });

  it("shows the unlock key and takes it back", async () => {
    rig.node.activate();
    const key = `SWMKEY-1-${Buffer.alloc(32, 7).toString("base64").slice(0, 43)}`;
    const open = await rig.post("/swarm/unlock", { UnlockKey: key });
    assert.equal(open.status, 409);
    assert.equal(open.message(), "swarm is not locked");
    rig.node.state = INACTIVE;
    assert.equal((await rig.post("/swarm/unlock", { UnlockKey: key })).status, 503);
    rig.node.state = { ...INACTIVE, state: "locked" };
    const closed = await rig.post("/swarm/unlock", { UnlockKey: "SWMKEY-1-x" });
    assert.equal(closed.message(), "invalid key string");
    const wrong = `SWMKEY-1-${Buffer.alloc(32, 8).toString("base64").slice(0, 43)}`;
    const refused = await rig.post("/swarm/unlock", { UnlockKey: wrong });
    assert.equal(refused.status, 401);
    assert.equal(refused.message(), "swarm could not be unlocked: invalid key provided");
    assert.equal((await rig.post("/swarm/unlock", { UnlockKey: key })).status, 200);
    assert.deepEqual((await rig.get("/swarm/unlockkey")).json(), { UnlockKey: "" });
    rig.control.unlockKey = new Uint8Array(32).fill(7);
    assert.deepEqual((await rig.get("/swarm/unlockkey")).json(), { UnlockKey: key });
  });

  it("shows the swarm in /info, whatever state the node is in", async () => {
    const inactive = (await rig.get("/info")).json() as { Swarm: object };
    assert.deepEqual(inactive.Swarm, {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    });
    rig.node.activate();
    rig.control.putNode({ hostname: "w1" });
    for (const hostname of ["m1", "m2"])
      rig.control.putNode({ hostname, spec: make("NodeSpec", { desiredRole: NodeRole.MANAGER }) });
    const active = (await rig.get("/info")).json() as { Swarm: Record<string, unknown> };
    assert.equal(active.Swarm["Nodes"], 3);
    assert.equal(active.Swarm["Managers"], 2);
    assert.equal((active.Swarm["Warnings"] as string[]).length, 1);
    assert.equal((active.Swarm["Cluster"] as { ID: string }).ID, "c".repeat(25));
    assert.ok(!("JoinTokens" in (active.Swarm["Cluster"] as object)));
    assert.deepEqual(active.Swarm["RemoteManagers"], [
      { NodeID: "m".repeat(25), Addr: "10.0.0.7:2377" },
    ]);
    rig.control.getCluster = async () => {
      throw new SwarmError("no-leader", "raft: no leader");
    };
    const leaderless = await rig.get("/info");
    assert.equal(leaderless.status, 200);
    const { Swarm } = leaderless.json() as { Swarm: Record<string, unknown> };
    assert.match(String(Swarm["Error"]), /The swarm does not have a leader\./);
    assert.equal(Swarm["Nodes"], undefined);
    const swarm = await rig.get("/swarm");
    assert.equal(swarm.status, 500);
    assert.match(swarm.message(), /^rpc error: code = Unknown desc = The swarm does not have a/);
  });

  it("describes its root as the nodes describe theirs, so that a rotation can be followed", async () => {
    rig.node.activate();
    const ca = await createTestCa();
    const caCert = ca.root.certificate;
    rig.control.cluster = { ...rig.control.cluster, rootCa: make("RootCa", { caCert }) };
    const tlsInfo = tlsInfoOf(await ca.issue());
    const { id } = rig.control.putNode({
      hostname: "n",
      description: make("NodeDescription", { tlsInfo }),
    });
    const swarm = (await rig.get("/swarm")).json() as { TLSInfo: Record<string, string> };
    const node = (await rig.get(`/nodes/${id}`)).json() as { Description: { TLSInfo: object } };
    assert.deepEqual(node.Description.TLSInfo, swarm.TLSInfo);
    assert.match(swarm.TLSInfo["TrustRoot"] ?? "", /^-----BEGIN CERTIFICATE-----/);
    assert.match(swarm.TLSInfo["CertIssuerSubject"] ?? "", /^[A-Za-z0-9+/]{8,}=*$/);
    assert.match(swarm.TLSInfo["CertIssuerPublicKey"] ?? "", /^[A-Za-z0-9+/]{80,}=*$/);
  });

  it("is served to dockerode", async () => {
    const docker = rig.docker();
    const id: unknown = await docker.swarmInit({
      ListenAddr: "127.0.0.1:4500",
      AcceptancePolicy: { Policies: [{ Role: "MANAGER", Autoaccept: false }] },
    });
    assert.equal(id, "m".repeat(25));
    adoptSpec();
    const swarm = (await docker.swarmInspect()) as unknown as { Version: { Index: number } };
    await docker.swarmUpdate({ version: swarm.Version.Index, ...DEFAULT_SPEC });
    await docker.swarmLeave({ force: true });
    await assert.rejects(docker.swarmInspect(), { statusCode: 503 });
  });
});
