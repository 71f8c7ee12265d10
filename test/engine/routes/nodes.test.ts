import assert from "node:assert/strict";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, NodeRole, NodeState } from "../../../proto/generated.ts";
import { Rig } from "../rig.ts";

const TIME = "2026-01-02T03:04:05.67Z";

describe("/nodes", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
    rig.node.activate();
  });
  afterEach(() => rig.close());

  const manager = make("NodeSpec", { desiredRole: NodeRole.MANAGER, annotations: null });

  it("prints a manager exactly as Docker does", async () => {
    const { id } = rig.control.putNode({ hostname: "m1", spec: manager });
    assert.deepEqual((await rig.get(`/nodes/${id}`)).json(), {
      ID: id,
      Version: { Index: 12 },
      CreatedAt: TIME,
      UpdatedAt: TIME,
      Spec: { Labels: {}, Role: "manager", Availability: "active" },
      Description: {
        Hostname: "m1",
        Platform: { Architecture: "x86_64", OS: "linux" },
        Resources: { NanoCPUs: 2_000_000_000, MemoryBytes: 4_294_967_296 },
        Engine: { EngineVersion: "0.1.0" },
        TLSInfo: {},
      },
      Status: { State: "ready", Addr: "10.0.0.7" },
      ManagerStatus: { Leader: true, Reachability: "reachable", Addr: "10.0.0.7:2377" },
    });
  });

  it("names a node's CSI plugins as Docker does, and where it is to them", async () => {
    const csiInfo = [
      make("CsiNodeInfo", { pluginName: "files", nodeId: "f-1" }),
      make("CsiNodeInfo", {
        pluginName: "disks",
        nodeId: "d-1",
        maxVolumesPerNode: 4,
        accessibleTopology: { zone: "a" },
      }),
    ];
    const description = make("NodeDescription", { hostname: "n1", csiInfo });
    const { id } = rig.control.putNode({ hostname: "n1", description });
    const { Description } = (await rig.get(`/nodes/${id}`)).json() as {
      Description: { CSIInfo: unknown };
    };
    assert.deepEqual(Description.CSIInfo, [
      { PluginName: "files", NodeID: "f-1" },
      {
        PluginName: "disks",
        NodeID: "d-1",
        MaxVolumesPerNode: 4,
        AccessibleTopology: { Segments: { zone: "a" } },
      },
    ]);
  });

  it("filters by prefix, labels, role and membership", async () => {
    rig.control.putNode({ hostname: "alpha", spec: manager });
    const labels = { disk: "ssd" };
    rig.control.putNode({
      hostname: "beta",
      spec: make("NodeSpec", { annotations: { name: "", labels }, membership: 1 }),
    });
    const names = async (filters: object): Promise<string[]> => {
      const query = encodeURIComponent(JSON.stringify(filters));
      const nodes = (await rig.get(`/nodes?filters=${query}`)).json() as {
        Description: { Hostname: string };
      }[];
      return nodes.map(({ Description }) => Description.Hostname).sort();
    };
    assert.deepEqual(await names({}), ["alpha", "beta"]);
    assert.deepEqual(await names({ name: ["alp"] }), ["alpha"]);
    assert.deepEqual(await names({ role: { worker: true } }), ["beta"]);
    assert.deepEqual(await names({ "node.label": ["disk=ssd"] }), ["beta"]);
    assert.deepEqual(await names({ membership: ["accepted"] }), ["beta"]);
    const bad = await rig.get(`/nodes?filters=${encodeURIComponent('{"role":["x"]}')}`);
    assert.equal(bad.message(), "Invalid role filter: 'x'");
    assert.equal((await rig.get("/nodes?filters=%7B")).status, 400);
  });

  it("updates a whole spec by version", async () => {
    const { id } = rig.control.putNode({ hostname: "w1" });
    const spec = { Name: "n", Labels: { a: "b" }, Role: "manager", Availability: "drain" };
    const reply = await rig.post(`/nodes/w1/update?version=12`, spec);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, "");
    const stored = rig.control.nodes.find(id).spec;
    assert.equal(stored?.desiredRole, NodeRole.MANAGER);
    assert.equal(stored?.availability, NodeAvailability.DRAIN);
    const seen = (await rig.get(`/nodes/${id}`)).json() as { Spec: object };
    assert.deepEqual(seen.Spec, spec);
    for (const [fields, message] of [
      [{ Role: "king" }, 'invalid Role: "king"'],
      [{ Role: "" }, 'invalid Role: ""'],
      [{ Availability: "lazy" }, 'invalid Availability: "lazy"'],
    ] as const) {
      const refused = await rig.post(`/nodes/w1/update?version=13`, { ...spec, ...fields });
      assert.equal(refused.status, 400);
      assert.equal(refused.message(), message);
    }
    const stale = await rig.post(`/nodes/w1/update?version=12`, spec);
    assert.equal(stale.status, 500);
  });

  it("removes nodes as far as the cluster lets it", async () => {
    rig.control.putNode({ hostname: "m1", spec: manager });
    rig.control.putNode({ hostname: "up" });
    rig.control.putNode({
      hostname: "down",
      status: make("NodeStatus", { state: NodeState.DOWN }),
    });
    const refused = await rig.request("DELETE", "/nodes/m1?force=1");
    assert.equal(refused.status, 400);
    assert.match(
      refused.message(),
      /code = FailedPrecondition desc = node \w+ is a cluster manager/,
    );
    assert.equal((await rig.request("DELETE", "/nodes/up")).status, 400);
    assert.equal((await rig.request("DELETE", "/nodes/down")).status, 200);
    await rig.docker().getNode("up").remove({ force: true });
    assert.equal((await rig.docker().listNodes()).length, 1);
    await assert.rejects(rig.docker().getNode("up").inspect(), { statusCode: 404 });
  });
});
