import assert from "node:assert/strict";
import { runGlobal } from "../../../manager/orchestrator/global.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  RestartPolicyCondition,
  TaskState,
  UpdateConfigOrder,
  UpdateStatusState,
  type TaskSpec,
} from "../../../proto/generated.ts";
import { aNode, aService } from "../../fakes/objects.ts";
import { Harness, type HarnessOptions } from "./harness.ts";

const aGlobal = (task: Partial<TaskSpec> = {}) => {
  const base = aService("agent").spec?.task ?? make("TaskSpec");
  return aService("agent", {
    spec: { mode: "global", global: {}, task: { ...base, ...task } as TaskSpec },
  });
};

describe("global orchestrator", () => {
  let cluster: Harness;
  const open = async (options: Partial<HarnessOptions> = {}) => {
    cluster = await Harness.open({ loops: [runGlobal], ...options });
  };
  afterEach(() => cluster.stop());

  const nodes = () =>
    cluster
      .running("agent")
      .map((t) => t.nodeId)
      .sort();
  const label = (id: string, labels: Record<string, string>) =>
    cluster.changeNode(id, (node) => ({
      ...node,
      spec: node.spec && { ...node.spec, annotations: { name: "", labels } },
    }));

  it("runs one task on every node, also on one that joins later", async () => {
    await open();
    await cluster.add(aGlobal());
    await cluster.converged("agent", 3);
    await cluster.store.update((tx) => tx.create("node", aNode("node4")));
    await cluster.converged("agent", 4);
    assert.deepEqual(nodes(), ["node1", "node2", "node3", "node4"]);
    assert(cluster.running("agent").every((t) => t.slot === 0));
  });

  it("follows the constraints as labels come and go", async () => {
    await open();
    await label("node2", { disk: "ssd" });
    const placement = make("Placement", { constraints: ["node.labels.disk==ssd"] });
    await cluster.add(aGlobal({ placement }));
    await cluster.converged("agent", 1);
    await label("node3", { disk: "ssd" });
    await label("node2", {});
    await cluster.clock.until(() => nodes().join() === "node3", 10_000);
    await label("node2", { disk: "ssd" });
    await cluster.converged("agent", 2);
  });

  it("leaves drained and lost nodes and comes back to them", async () => {
    await open();
    await cluster.add(aGlobal());
    await cluster.converged("agent", 3);
    await cluster.setAvailability("node1", NodeAvailability.DRAIN);
    await cluster.setNodeState("node2", NodeState.DOWN);
    await cluster.clock.until(() => nodes().join() === "node3", 10_000);
    await cluster.setAvailability("node1", NodeAvailability.ACTIVE);
    await cluster.setNodeState("node2", NodeState.READY);
    await cluster.converged("agent", 3);
  });

  it("gives a paused node nothing new and takes nothing from it", async () => {
    await open();
    await cluster.setAvailability("node1", NodeAvailability.PAUSE);
    await cluster.add(aGlobal());
    await cluster.converged("agent", 2);
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await cluster.clock.advance(60_000);
    assert.deepEqual(nodes(), ["node2", "node3"]);
  });

  it("starts what a node had prepared when it was paused", async () => {
    const fails = { ends: { state: TaskState.FAILED, afterMs: 1_000 } };
    await open({ nodes: 1, fate: (t) => (t.origin?.restarts ? {} : fails) });
    const restart = make("RestartPolicy", {
      condition: RestartPolicyCondition.ANY,
      delayNs: { value: 30e9 },
    });
    await cluster.add(aGlobal({ restart }));
    const isPrepared = () =>
      cluster
        .tasks("agent")
        .some((t) => t.desiredState === TaskState.READY && t.status?.state === TaskState.READY);
    await cluster.clock.until(isPrepared, 20_000);
    await cluster.setAvailability("node1", NodeAvailability.PAUSE);
    await cluster.converged("agent", 1);
  });

  it("ends the old task on a paused node once its successor runs", async () => {
    let prepareMs = 0;
    await open({ nodes: 1, fate: () => ({ prepareMs }) });
    const service = aGlobal();
    const update = make("UpdateConfig", { order: UpdateConfigOrder.START_FIRST });
    await cluster.add({ ...service, spec: service.spec && { ...service.spec, update } });
    await cluster.converged("agent", 1);
    const [old] = cluster.running("agent");
    prepareMs = 5_000;
    await cluster.newImage("agent", "v2");
    await cluster.clock.until(() => cluster.tasks("agent").length === 2, 10_000);
    await cluster.setAvailability("node1", NodeAvailability.PAUSE);
    await cluster.clock.until(
      () => !cluster.running("agent").some(({ id }) => id === old?.id),
      20_000,
    );
    await cluster.converged("agent", 1);
  });

  it("takes out the tasks of a removed node", async () => {
    await open();
    await cluster.add(aGlobal());
    await cluster.converged("agent", 3);
    await cluster.store.update((tx) => {
      const node = tx.view.node.get("node1");
      const status = make("TaskStatus", { state: TaskState.ORPHANED });
      for (const task of tx.view.task.by("node", "node1")) tx.update("task", { ...task, status });
      if (node) tx.remove("node", node);
    });
    await cluster.clock.until(() => cluster.tasks("agent").length === 2, 10_000);
  });

  it("restarts on the same node, as often as the policy allows", async () => {
    await open({
      nodes: 2,
      fate: (t) =>
        t.nodeId === "node1" ? { ends: { state: TaskState.FAILED, afterMs: 1_000 } } : {},
    });
    const restart = make("RestartPolicy", {
      condition: RestartPolicyCondition.ON_FAILURE,
      maxAttempts: 2,
    });
    await cluster.add(aGlobal({ restart }));
    await cluster.clock.advance(300_000);
    assert.equal(cluster.tasks("agent").filter((t) => t.nodeId === "node1").length, 3);
    assert.equal(cluster.tasks("agent").filter((t) => t.nodeId === "node2").length, 1);
  });

  it("updates node after node", async () => {
    await open({ nodes: 4 });
    await cluster.add(aGlobal());
    await cluster.converged("agent", 4);
    let least = 4;
    cluster.store.onCommit(() => {
      const running = cluster.tasks("agent").filter((t) => t.status?.state === TaskState.RUNNING);
      least = Math.min(least, running.length);
    });
    await cluster.newImage("agent", "v2");
    await cluster.clock.until(
      () => cluster.service("agent").updateStatus?.state === UpdateStatusState.COMPLETED,
      60_000,
    );
    assert.equal(least, 3);
    assert.deepEqual(nodes(), ["node1", "node2", "node3", "node4"]);
  });
});
