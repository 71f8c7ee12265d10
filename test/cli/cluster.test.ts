import assert from "node:assert/strict";
import { FakeDockerApi, type Json } from "../fakes/docker-api.ts";
import { runSwarm, words, type Run } from "./harness.ts";
import { fillSwarm } from "./objects.ts";

describe("swarm and node commands", () => {
  let api: FakeDockerApi;
  const swarm = (line: string): Promise<Run> => runSwarm(words(line), api);
  const sent = (path: string): Json => api.received("POST", path)[0]?.body as Json;

  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
  });
  afterEach(() => api.close());

  it("init sends what docker's client sends when no flag is given", async () => {
    await swarm("init");
    assert.deepEqual(sent("/swarm/init"), {
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "",
      DataPathAddr: "",
      DataPathPort: 0,
      ForceNewCluster: false,
      Spec: {
        Labels: null,
        Orchestration: {},
        Raft: { ElectionTick: 0, HeartbeatTick: 0 },
        Dispatcher: {},
        CAConfig: {},
        TaskDefaults: {},
        EncryptionConfig: { AutoLockManagers: false },
      },
      AutoLockManagers: false,
      Availability: "",
      DefaultAddrPool: [],
      SubnetSize: 24,
    });
  });

  it("init passes every flag on", async () => {
    await swarm(
      "init --listen-addr 1.2.3.4:1 --advertise-addr eth0 --data-path-addr eth1 " +
        "--data-path-port 5000 --default-addr-pool 10.1.0.0/16,10.2.0.0/16 " +
        "--default-addr-pool 10.3.0.0/16 --default-addr-pool-mask-length 26 --availability drain " +
        "--force-new-cluster --cert-expiry 48h --dispatcher-heartbeat 10s --max-snapshots 1 " +
        "--snapshot-interval 50 --task-history-limit 0 --strategy binpack",
    );
    assert.deepEqual(sent("/swarm/init"), {
      ListenAddr: "1.2.3.4:1",
      AdvertiseAddr: "eth0",
      DataPathAddr: "eth1",
      DataPathPort: 5000,
      ForceNewCluster: true,
      Spec: {
        Labels: { "skep.strategy": "binpack" },
        Orchestration: { TaskHistoryRetentionLimit: 0 },
        Raft: { ElectionTick: 0, HeartbeatTick: 0, SnapshotInterval: 50, KeepOldSnapshots: 1 },
        Dispatcher: { HeartbeatPeriod: 10e9 },
        CAConfig: { NodeCertExpiry: 48 * 3600e9 },
        TaskDefaults: {},
        EncryptionConfig: { AutoLockManagers: false },
      },
      AutoLockManagers: false,
      Availability: "drain",
      DefaultAddrPool: ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"],
      SubnetSize: 26,
    });
  });

  it("init shows the key of an autolocked swarm", async () => {
    api.objects.nodes.push({ ...(api.objects.nodes[0] as Json), ID: "selfselfselfselfselfself1" });
    const run = await swarm("init --autolock");
    assert.equal(run.status, 0, run.err);
    assert.match(run.out, /SWMKEY-1-abc\n\nRemember to store this key/);
  });

  it("join sends the token and tells the role", async () => {
    const run = await swarm("join --token SWMTKN-1-x --availability pause 10.0.0.9:2377");
    assert.deepEqual(sent("/swarm/join"), {
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "",
      DataPathAddr: "",
      Availability: "pause",
      RemoteAddrs: ["10.0.0.9:2377"],
      JoinToken: "SWMTKN-1-x",
    });
    assert.equal(run.out, "This node joined a swarm as a manager.\n");
  });

  it("join says where to find a token when the one given is refused", async () => {
    const message = "A valid join token is necessary to join this cluster";
    api.script(({ path }) =>
      path === "/swarm/join" ? { status: 400, json: { message } } : undefined,
    );
    const run = await swarm("join --token SWMTKN-1-x 10.0.0.9:2377");
    assert.match(run.err, new RegExp(`swarm: ${message} - .*swarm join-token worker\n`));
  });

  it("join reads the token from a file, out of sight of the list of processes", async () => {
    const files = { t: "SWMTKN-1-y\n" };
    await runSwarm(words("join --token-file t 10.0.0.9:2377"), api, { files });
    assert.equal(sent("/swarm/join")["JoinToken"], "SWMTKN-1-y");
    const both = await runSwarm(words("join --token x --token-file t h:1"), api, { files });
    assert.match(both.err, /either --token or --token-file/);
  });

  it("join-token prints the command, or the token alone, and rotates one of the two", async () => {
    assert.equal(
      (await swarm("join-token worker")).out,
      "To add a worker to this swarm, run the following command:\n\n" +
        "    swarm join --token SWMTKN-1-worker 10.0.0.1:2377\n\n",
    );
    assert.equal((await swarm("join-token -q manager")).out, "SWMTKN-1-manager\n");
    await swarm("join-token --rotate worker");
    assert.deepEqual(api.received("POST", "/swarm/update")[0]?.query, {
      version: "5",
      rotateWorkerToken: "true",
      rotateManagerToken: "false",
      rotateManagerUnlockKey: "false",
    });
  });

  it("update writes the whole spec back with what changed", async () => {
    const before = api.swarm?.["Spec"] as Json;
    const run = await swarm("update --task-history-limit 2 --autolock=false --strategy random");
    assert.equal(run.out, "Swarm updated.\n");
    assert.deepEqual(sent("/swarm/update"), {
      ...before,
      Labels: { "skep.strategy": "random" },
      Orchestration: { TaskHistoryRetentionLimit: 2 },
    });
  });

  it("update turns the automatic rebalance on", async () => {
    await swarm("update --rebalance-max-moves 2 --rebalance-interval 30m --rebalance-warm-up 0s");
    assert.deepEqual((sent("/swarm/update") as Json)["Labels"], {
      "skep.rebalance.max-moves": "2",
      "skep.rebalance.interval": "30m0s",
      "skep.rebalance.warm-up": "0s",
    });
  });

  it("unlock asks for the key only when the node is locked", async () => {
    assert.match((await swarm("unlock")).err, /swarm is not locked/);
    api.info = { Swarm: { LocalNodeState: "locked" } };
    const run = await runSwarm(["unlock"], api, { answer: "SWMKEY-1-k\n" });
    assert.equal(run.status, 0, run.err);
    assert.deepEqual(sent("/swarm/unlock"), { UnlockKey: "SWMKEY-1-k" });
  });

  it("leave forces only when told", async () => {
    await swarm("leave");
    await swarm("leave --force");
    const queries = api.received("POST", "/swarm/leave").map((request) => request.query);
    assert.deepEqual(queries, [{}, { force: "1" }]);
  });

  it("info tells how tasks are placed and moved, where that was said", async () => {
    const { Swarm } = api.info as { readonly Swarm: Json };
    const cluster = Swarm["Cluster"] as { readonly Spec: Json };
    const withLabels = (Labels: Json): Json => ({
      Swarm: { ...Swarm, Cluster: { ...cluster, Spec: { ...cluster.Spec, Labels } } },
    });
    api.info = withLabels({ "skep.strategy": "binpack", "skep.rebalance.max-moves": "3" });
    const { out } = await swarm("info");
    assert.match(out, /\n  Placement Strategy: binpack\n/);
    assert.match(out, /\n  Rebalance: up to 3 tasks in 10m, to nodes up for 5m\n/);
  });

  it("info tells this node's part", async () => {
    const { out } = await swarm("info");
    assert.match(out, /Swarm: active\n NodeID: aa0+\n Is Manager: true\n ClusterID: cluster\n/);
    assert.match(out, / Heartbeat Period: 5s\n[^]* Expiry Duration: 2160h0m0s\n/);
    assert.doesNotMatch(out, /Strategy|Rebalance/);
    assert.equal((await swarm("info -f {{.Swarm.Managers}}")).out, "2\n");
    api.info = { Swarm: { LocalNodeState: "inactive" } };
    assert.match((await swarm("info")).out, /Swarm: inactive\n$/);
  });

  it("promote and demote change only the role, and only when it changes", async () => {
    const run = await swarm("node promote gamma alpha");
    assert.equal(
      run.out,
      "Node gamma promoted to a manager in the swarm.\nNode alpha is already a manager.\n",
    );
    const posts = api.received("POST", "/nodes/");
    assert.equal(posts.length, 1);
    assert.deepEqual(posts[0]?.body, { Labels: {}, Role: "manager", Availability: "active" });
    assert.equal((await swarm("node demote beta")).out, "Manager beta demoted in the swarm.\n");
  });

  it("node update edits labels and availability", async () => {
    const run = await swarm("node update --label-add a=b --label-add c --availability drain gamma");
    assert.equal(run.out, "gamma\n");
    assert.deepEqual(sent("/nodes/"), {
      Labels: { a: "b", c: "" },
      Role: "worker",
      Availability: "drain",
    });
    assert.match((await swarm("node update --label-rm zz gamma")).err, /key zz doesn't exist/);
  });

  it("node rm forces only when told", async () => {
    assert.equal((await swarm("node rm -f gamma")).out, "gamma\n");
    assert.deepEqual(api.received("DELETE", "/nodes/gamma")[0]?.query, { force: "1" });
  });

  it("rotates the root until every node has the new one", async () => {
    let polls = 0;
    api.script(({ path, method }) => {
      if (path !== "/swarm" || method !== "GET" || ++polls > 2) return undefined;
      return { json: { ...api.swarm, RootRotationInProgress: true } };
    });
    const run = await swarm("ca --rotate --cert-expiry 72h");
    assert.equal(run.status, 0, run.err);
    assert.deepEqual(sent("/swarm/update")["CAConfig"] as Json, {
      NodeCertExpiry: 72 * 3600e9,
      ForceRotate: 1,
    });
    assert.equal(run.out, "PEM\n");
    assert.equal(run.err, "rotated TLS certificates: 3/3 nodes\n");
  });

  it("creates networks, secrets and configs as docker's client does", async () => {
    await swarm(
      "network create -d overlay --subnet 10.1.0.0/24 --subnet 10.2.0.0/24 --gateway 10.2.0.1 " +
        "--ip-range 10.1.0.128/25 --aux-address router=10.1.0.5 --attachable -o a=b --label c=d n1",
    );
    assert.deepEqual(sent("/networks/create"), {
      Name: "n1",
      Driver: "overlay",
      Scope: "",
      EnableIPv6: false,
      IPAM: {
        Driver: "default",
        Options: {},
        Config: [
          {
            Subnet: "10.1.0.0/24",
            IPRange: "10.1.0.128/25",
            AuxiliaryAddresses: { router: "10.1.0.5" },
          },
          { Subnet: "10.2.0.0/24", Gateway: "10.2.0.1" },
        ],
      },
      Internal: false,
      Attachable: true,
      Ingress: false,
      ConfigOnly: false,
      Options: { a: "b" },
      Labels: { c: "d" },
    });
    const files = { "pw.txt": "hunter2" };
    await runSwarm(words("secret create -l a=b pw2 pw.txt"), api, { files });
    assert.deepEqual(sent("/secrets/create"), {
      Name: "pw2",
      Labels: { a: "b" },
      Data: Buffer.from("hunter2").toString("base64"),
    });
    const misplaced = await swarm("network create --subnet 10.1.0.0/24 --gateway 10.9.0.1 n2");
    assert.match(misplaced.err, /no subnet given with --subnet contains the gateway 10\.9\.0\.1/);
  });

  it("asks before the routing mesh goes", async () => {
    api.objects.networks.push({ Id: "ing", Name: "ingress", Ingress: true });
    await runSwarm(words("network rm ingress"), api, { answer: "n" });
    assert.equal(api.received("DELETE", "/networks/").length, 0);
    await runSwarm(words("network rm ingress"), api, { answer: "y" });
    assert.equal(api.received("DELETE", "/networks/ing").length, 1);
  });
});
