import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, NodeState, type Task } from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import { Harness } from "./harness.ts";

const task = (stickyVolumes: boolean) =>
  make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", { image: "busybox" }),
    placement: make("Placement", { stickyVolumes }),
  });

describe("replicas with sticky volumes", () => {
  let cluster: Harness;
  afterEach(() => cluster.stop());

  /** A service whose only replica runs on node1, then node1 cannot keep it. */
  const leaving = async (sticky: boolean, leave: () => Promise<void>): Promise<Task> => {
    cluster = await Harness.open({ loops: [runReplicated], nodes: 2 });
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await cluster.add(aService("web", { replicas: 1, spec: { task: task(sticky) } }));
    await cluster.converged("web", 1);
    const [first] = cluster.tasks("web");
    assert.equal(first?.nodeId, "node1");
    assert.equal(first.volumeNodeId, "");
    await leave();
    const next = (): Task | undefined => cluster.tasks("web").find(({ id }) => id !== first.id);
    await cluster.clock.until(() => next() !== undefined, 60_000);
    return next() as Task;
  };

  const down = () => cluster.setNodeState("node1", NodeState.DOWN);
  const drained = () => cluster.setAvailability("node1", NodeAvailability.DRAIN);

  for (const [what, leave] of [
    ["is down", down],
    ["is drained", drained],
  ] as const)
    it(`are held to the node that ${what}, and go nowhere else`, async () => {
      assert.equal((await leaving(true, leave)).volumeNodeId, "node1");
    });

  it("are free where the service does not ask", async () => {
    assert.equal((await leaving(false, down)).volumeNodeId, "");
  });
});
