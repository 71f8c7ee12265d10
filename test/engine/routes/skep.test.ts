import assert from "node:assert/strict";
import { TaskState } from "../../../proto/generated.ts";
import { make } from "../../../proto/codec.ts";
import { aTask } from "../../fakes/objects.ts";
import { ControlHarness } from "../../manager/control/harness.ts";
import { sizedNode, sizedService } from "../../manager/scheduler/cases.ts";
import { Rig } from "../rig.ts";

describe("/skep/v1", () => {
  let rig: Rig;
  let harness: ControlHarness;
  beforeEach(async () => {
    harness = new ControlHarness();
    await harness.put("node", sizedNode("n1", 2, 4));
    const service = sizedService("web", { cpus: 3 });
    await harness.put("task", aTask("t1", service));
    const status = make("TaskStatus", { state: TaskState.RUNNING });
    await harness.put("task", aTask("t2", sizedService("db", {}), { nodeId: "n1", status }));
    rig = await Rig.open({ control: () => harness.api });
    rig.node.activate();
  });
  afterEach(() => rig.close());

  it("says why a task waits, node by node", async () => {
    const change = "reserve no more than 2 of CPUs, for node n1";
    const lack = { Filter: "resources", What: "CPUs", Needed: "3", Available: "2", Change: change };
    assert.deepEqual((await rig.get("/skep/v1/tasks/t1/why?node=n1")).json(), {
      TaskID: "t1",
      NodeID: "",
      State: "pending",
      Message: "",
      Err: "",
      SmallestChange: change,
      Nodes: [{ NodeID: "n1", Hostname: "n1", ServiceTasks: 0, Tasks: 1, Lacks: [lack] }],
    });
    assert.equal((await rig.get("/skep/v1/tasks/t9/why")).status, 404);
    assert.equal((await rig.get("/skep/v1/tasks/t1/why?node=n9")).status, 404);
  });

  it("plans a service without creating it", async () => {
    const spec = { Name: "new", TaskTemplate: { ContainerSpec: { Image: "nginx" } } };
    const reply = await rig.post("/skep/v1/services/plan", spec);
    assert.deepEqual(reply.json(), {
      Placements: [{ NodeID: "n1", Hostname: "n1", Tasks: 1 }],
      Kept: 0,
      Replaced: 0,
      Removed: 0,
      Waiting: 0,
      Explanation: "",
    });
    assert.deepEqual((await rig.get("/services")).json(), []);
    assert.equal((await rig.post("/skep/v1/services/plan", { Name: "" })).status, 400);
    assert.equal((await rig.post("/skep/v1/services/plan?id=nothing", spec)).status, 404);
  });

  it("tells what nodes that go down take with them", async () => {
    const { Services } = (await rig.get("/skep/v1/nodes/what-if?down=n1")).json() as {
      readonly Services: readonly Record<string, unknown>[];
    };
    assert.deepEqual(Services, [
      {
        ServiceID: "db",
        Name: "db",
        Untouched: 0,
        Moved: 0,
        Lost: 1,
        Explanation: "no suitable node",
      },
    ]);
    assert.equal((await rig.get("/skep/v1/nodes/what-if")).status, 400);
    assert.equal((await rig.get("/skep/v1/nodes/what-if?down=n9")).status, 404);
  });

  it("asks for moves and tells what became of them", async () => {
    const service = sizedService("api", {});
    await harness.put("service", { ...service, id: "api" });
    const status = make("TaskStatus", { state: TaskState.RUNNING });
    for (const slot of [1, 2])
      await harness.put("task", aTask(`a${slot}`, service, { slot, nodeId: "n1", status }));
    await harness.put("node", sizedNode("n2", 2, 4));
    const ask = async (body: object) =>
      (await rig.post("/skep/v1/services/rebalance", body)).json() as { readonly Moves: unknown[] };
    const dry = await ask({ Services: ["api"], DryRun: true });
    assert.equal(dry.Moves.length, 1);
    assert.deepEqual((await rig.get("/skep/v1/moves")).json(), { Moves: [] });
    assert.deepEqual((await ask({ MaxMoves: 1 })).Moves, [
      ...((await rig.get("/skep/v1/moves?services=api")).json() as { Moves: [] }).Moves,
    ]);
    const [move] = (
      (await rig.get("/skep/v1/moves")).json() as { Moves: Record<string, unknown>[] }
    ).Moves;
    const { FromHostname, ToNodeID, State } = move ?? {};
    assert.deepEqual([FromHostname, ToNodeID, State], ["n1", "n2", "waiting"]);
    assert.deepEqual((await ask({})).Moves, [], "a service on its way is left alone");
    const again = await rig.post("/skep/v1/services/rebalance", { Services: ["api"] });
    assert.equal(again.status, 400);
    assert.match(again.message(), /tasks of service api are on their way already/);
    const tasks = (await rig.get("/tasks")).json() as { Labels: Record<string, string> }[];
    assert.deepEqual(
      tasks.flatMap(({ Labels }) => Labels["skep.move-to"] ?? []),
      ["n2"],
    );
    const refused = await rig.post("/skep/v1/services/rebalance", { Services: ["nothing"] });
    assert.equal(refused.status, 404);
  });
});
