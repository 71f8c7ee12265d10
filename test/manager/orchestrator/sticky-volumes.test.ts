import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { volumeNodeOf } from "../../../manager/orchestrator/sticky-volumes.ts";
import { runTaskReaper } from "../../../manager/orchestrator/task-reaper.ts";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, NodeState, TaskState, type Task } from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
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

  const replicas = (count: number) =>
    cluster.respec("web", (spec) => ({
      ...spec,
      mode: "replicated",
      replicated: { replicas: count },
    }));
  const inSlot = (slot: number): readonly Task[] =>
    cluster.tasks("web").filter((one) => one.slot === slot);

  it("find their node again when the service was scaled down and is scaled up", async () => {
    cluster = await Harness.open({ loops: [runReplicated, runTaskReaper], nodes: 2 });
    await cluster.add(aService("web", { replicas: 2, spec: { task: task(true) } }));
    await cluster.converged("web", 2);
    const gone = async (): Promise<number> => {
      await replicas(1);
      await cluster.converged("web", 1);
      const [one] = cluster.running("web");
      const slot = one?.slot === 1 ? 2 : 1;
      await cluster.clock.until(
        () => inSlot(slot).length === 1 && inSlot(slot)[0]?.desiredState === TaskState.REMOVE,
        60_000,
      );
      return slot;
    };
    for (let round = 0; round < 2; round++) {
      const slot = await gone();
      const memory = inSlot(slot);
      assert.equal(memory.length, 1, "one task remembers");
      await replicas(2);
      await cluster.converged("web", 2);
      assert.equal(cluster.running("web").length, 2);
      const bound = cluster.running("web").find((one) => one.slot === slot);
      assert.equal(bound?.volumeNodeId, memory[0]?.nodeId);
    }
    const slot = await gone();
    await cluster.respec("web", (spec) => ({ ...spec, task: task(false) }));
    await cluster.clock.until(() => inSlot(slot).length === 0, 60_000);
    assert.equal(inSlot(slot).length, 0, "nobody needs to know any more");
  });

  it("leave nothing behind when their service goes", async () => {
    cluster = await Harness.open({ loops: [runReplicated, runTaskReaper], nodes: 2 });
    await cluster.add(aService("web", { replicas: 2, spec: { task: task(true) } }));
    await cluster.converged("web", 2);
    await replicas(1);
    await cluster.converged("web", 1);
    await cluster.store.update((tx) => tx.remove("service", cluster.service("web")));
    await cluster.clock.until(() => cluster.tasks("web").length === 0, 60_000);
    assert.equal(cluster.tasks("web").length, 0);
  });

  it("are not held where one was refused before it started", () => {
    const refused = (container: object | null, volumeNodeId = "") =>
      aTask("t1", null, {
        slot: 1,
        nodeId: "n1",
        volumeNodeId,
        status: make("TaskStatus", {
          state: TaskState.REJECTED,
          container: container && make("ContainerStatus", container),
        }),
      });
    const node = (id: string) => (id === "" ? undefined : aNode(id));
    assert.equal(volumeNodeOf([refused(null)], node), "");
    assert.equal(volumeNodeOf([refused(null, "n2")], node), "n2");
    assert.equal(volumeNodeOf([refused({ pid: 7 })], node), "n1");
    assert.equal(
      volumeNodeOf([refused({ pid: 7 })], () => undefined),
      "",
      "the node is gone",
    );
  });

  it("are free where the service does not ask", async () => {
    assert.equal((await leaving(false, down)).volumeNodeId, "");
  });
});
