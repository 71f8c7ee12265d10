import assert from "node:assert/strict";
import { runConstraintEnforcer } from "../../../manager/orchestrator/constraint-enforcer.ts";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, TaskState, type TaskSpec } from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import { Harness } from "./harness.ts";

const specOf = (fields: Partial<TaskSpec>): TaskSpec =>
  ({ ...(aService("x").spec?.task ?? make("TaskSpec")), ...fields }) as TaskSpec;

describe("constraint enforcer", () => {
  let cluster: Harness;
  beforeEach(async () => {
    cluster = await Harness.open({ loops: [runReplicated, runConstraintEnforcer], nodes: 1 });
  });
  afterEach(() => cluster.stop());

  const rejected = (id: string) =>
    cluster.tasks(id).filter((t) => t.status?.state === TaskState.REJECTED);

  it("rejects tasks whose node lost a label, so that they are placed anew", async () => {
    const constraints = ["node.labels.zone==east"];
    const label = (zone: string) =>
      cluster.changeNode("node1", (node) => ({
        ...node,
        spec: node.spec && { ...node.spec, annotations: { name: "", labels: { zone } } },
      }));
    await label("east");
    const task = specOf({ placement: make("Placement", { constraints }) });
    await cluster.add(aService("web", { spec: { task } }), aService("other"));
    await cluster.converged("web", 1);
    await cluster.converged("other", 1);
    await label("west");
    await cluster.clock.until(() => rejected("web").length === 1, 0);
    assert.equal(rejected("web")[0]?.status?.err, "assigned node no longer meets constraints");
    assert.equal(rejected("other").length, 0);
    await cluster.clock.until(() => cluster.tasks("web").length === 2, 1_000);
  });

  it("keeps the oldest tasks when a node has less to give", async () => {
    const reservations = make("Resources", { memoryBytes: 2 * 2 ** 30 });
    const resources = make("ResourceRequirements", { reservations });
    const task = specOf({ resources });
    for (const id of ["a", "b", "c"]) {
      await cluster.add(aService(id, { spec: { task } }));
      await cluster.converged(id, 1);
      await cluster.clock.advance(1_000);
    }
    await cluster.changeNode("node1", (node) => ({
      ...node,
      description: node.description && {
        ...node.description,
        resources: make("Resources", { nanoCpus: 4e9, memoryBytes: 5 * 2 ** 30 }),
      },
    }));
    await cluster.clock.until(() => rejected("c").length === 1, 0);
    assert.equal(rejected("a").length + rejected("b").length, 0);
  });

  it("leaves the tasks of nodes that are not active to other rules", async () => {
    const constraints = ["node.labels.zone!=west"];
    await cluster.add(
      aService("web", {
        spec: { task: specOf({ placement: make("Placement", { constraints }) }) },
      }),
    );
    await cluster.converged("web", 1);
    const relabel = (availability: NodeAvailability) =>
      cluster.changeNode("node1", (node) => ({
        ...node,
        spec: make("NodeSpec", {
          availability,
          annotations: { name: "", labels: { zone: "west" } },
        }),
      }));
    await relabel(NodeAvailability.PAUSE);
    await cluster.clock.advance(1_000);
    assert.equal(rejected("web").length, 0);
    await relabel(NodeAvailability.ACTIVE);
    await cluster.clock.until(() => rejected("web").length === 1, 0);
  });

  it("rejects the tasks of a drained volume", async () => {
    await cluster.add(aService("db"));
    await cluster.converged("db", 1);
    const volumes = [make("VolumeAttachment", { id: "v1" })];
    const spec = (availability: NodeAvailability) =>
      make("VolumeSpec", { annotations: { name: "v", labels: {} }, availability });
    await cluster.store.update((tx) => {
      const volume = make("Volume", { id: "v1", spec: spec(NodeAvailability.ACTIVE) });
      tx.create("volume", volume);
      for (const task of cluster.tasks("db")) tx.update("task", { ...task, volumes });
    });
    await cluster.clock.advance(1_000);
    assert.equal(rejected("db").length, 0);
    await cluster.store.update((tx) => {
      const volume = tx.view.volume.get("v1");
      if (volume) tx.update("volume", { ...volume, spec: spec(NodeAvailability.DRAIN) });
    });
    await cluster.clock.until(() => rejected("db").length === 1, 0);
    assert.equal(rejected("db")[0]?.status?.err, "attached to volume which is being drained");
  });
});
