import assert from "node:assert/strict";
import { MOVE_HELD_WAIT_MS, MOVE_PLACE_WAIT_MS } from "../../../manager/orchestrator/plan-moves.ts";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  ServiceDependencyCondition,
  TaskState,
  UpdateConfigOrder,
  UpdateStatusState,
  type Task,
  type UpdateConfig,
} from "../../../proto/generated.ts";
import { aNode, aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

describe("moving tasks", () => {
  let cluster: Harness;
  /** How tasks fare on node2. */
  let fate: Fate;
  afterEach(() => cluster.stop());

  /** A service whose tasks are all on node1. */
  const allOnOne = async (replicas: number, update: UpdateConfig | null = null) => {
    fate = {};
    cluster = await Harness.open({
      loops: [runReplicated],
      nodes: 2,
      fate: (task) => (task.nodeId === "node2" ? fate : {}),
    });
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await cluster.add(aService("web", { replicas, spec: { update } }));
    await cluster.converged("web", replicas);
    await cluster.setAvailability("node2", NodeAvailability.ACTIVE);
  };
  const move = async (count: number, nodeId = "node2"): Promise<readonly Task[]> => {
    const chosen = cluster.running("web").slice(0, count);
    await cluster.store.update((tx) => {
      for (const { id } of chosen) {
        const task = tx.view.task.get(id);
        const requestedAtMs = cluster.clock.now();
        if (task) tx.update("task", { ...task, move: make("TaskMove", { nodeId, requestedAtMs }) });
      }
    });
    return chosen;
  };
  const on = (nodeId: string) => cluster.running("web").filter((t) => t.nodeId === nodeId).length;
  const watch = () => {
    const seen = { least: Infinity, most: 0 };
    cluster.store.onCommit(() => {
      const running = cluster.tasks("web").filter((t) => t.status?.state === TaskState.RUNNING);
      seen.least = Math.min(seen.least, running.length);
      seen.most = Math.max(seen.most, running.length);
    });
    return seen;
  };
  const refusalOf = (task: Task | undefined) =>
    cluster.store.view.task.get(task?.id ?? "")?.moveRefusal?.reason;

  it("starts each successor first, one at a time unless the service says otherwise", async () => {
    await allOnOne(4);
    const seen = watch();
    fate = { prepareMs: 1_000 };
    await move(2);
    await cluster.clock.advance(1_000);
    assert.equal(on("node2"), 1);
    await cluster.clock.advance(1_000);
    assert.equal(on("node2"), 2);
    await cluster.converged("web", 4);
    assert.deepEqual(seen, { least: 4, most: 5 });
    const [moved] = cluster.running("web").filter((t) => t.nodeId === "node2");
    assert.equal(moved?.origin?.reason, "moved: rebalanced from node node1");
  });

  it("starts first even where updates stop first, with their parallelism and delay", async () => {
    const order = UpdateConfigOrder.STOP_FIRST;
    await allOnOne(6, make("UpdateConfig", { parallelism: 2, delayNs: 10e9, order }));
    const seen = watch();
    await move(4);
    await cluster.clock.advance(0);
    assert.equal(on("node2"), 2);
    await cluster.clock.advance(9_999);
    assert.equal(on("node2"), 2);
    await cluster.clock.advance(1);
    assert.equal(on("node2"), 4);
    await cluster.converged("web", 6);
    assert.equal(seen.least, 6);
  });

  it("goes on under the next leader", async () => {
    await allOnOne(3);
    fate = { prepareMs: 1_000 };
    await move(3);
    await cluster.clock.advance(500);
    await cluster.stop();
    await cluster.clock.advance(500);
    cluster.start();
    await cluster.clock.until(() => on("node2") === 3, 10_000);
    await cluster.converged("web", 3);
  });

  it("leaves the task where it is when its successor fails, and says why", async () => {
    await allOnOne(1);
    fate = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    const [task] = await move(1);
    await cluster.clock.advance(200);
    assert.equal(on("node1"), 1);
    assert.match(refusalOf(task) ?? "", /./);
    await cluster.clock.advance(600_000);
    assert.equal(cluster.tasks("web").length, 2, "it is not tried again");
    assert.equal(on("node1"), 1);
  });

  it("gives up after a minute when the node does not take the successor in", async () => {
    await allOnOne(1);
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    fate = { stuckAt: TaskState.PENDING };
    const [task] = await move(1);
    await cluster.clock.advance(MOVE_PLACE_WAIT_MS);
    assert.match(refusalOf(task) ?? "", /./);
    await cluster.converged("web", 1);
    assert.equal(on("node1"), 1);
  });

  it("refuses a node that is down or drained", async () => {
    await allOnOne(2);
    await cluster.setNodeState("node2", NodeState.DOWN);
    const [first] = await move(1);
    await cluster.clock.advance(0);
    assert.equal(refusalOf(first), "the other node is down");
    await cluster.setNodeState("node2", NodeState.READY);
    await cluster.clock.advance(1);
    await cluster.setAvailability("node2", NodeAvailability.DRAIN);
    const [again] = await move(1);
    await cluster.clock.advance(0);
    assert.equal(refusalOf(again), "the other node is drained");
    assert.equal(on("node1"), 2);
  });

  it("replaces a task lost on the way, wherever there is room", async () => {
    await allOnOne(1);
    await cluster.store.update((tx) => tx.create("node", aNode("node3")));
    fate = { stuckAt: TaskState.PENDING };
    await move(1);
    await cluster.clock.advance(1_000);
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await cluster.setNodeState("node1", NodeState.DOWN);
    await cluster.clock.until(() => on("node3") === 1, 1_000);
  });

  it("makes way for an update: never three tasks in a slot", async () => {
    const order = UpdateConfigOrder.START_FIRST;
    await allOnOne(2, make("UpdateConfig", { parallelism: 2, order }));
    fate = { prepareMs: 10_000 };
    await move(2);
    await cluster.clock.advance(1_000);
    let most = 0;
    cluster.store.onCommit(() => {
      const wanted = cluster.tasks("web").filter((t) => t.desiredState <= TaskState.RUNNING);
      for (const slot of [1, 2])
        most = Math.max(most, wanted.filter((t) => t.slot === slot).length);
    });
    await cluster.newImage("web", "busybox:2");
    await cluster.clock.advance(5_000);
    assert.equal(most, 2);
    fate = {};
    await cluster.converged("web", 2);
  });

  it("begins nothing while an update is on its way", async () => {
    await allOnOne(2, make("UpdateConfig", { parallelism: 1 }));
    await cluster.newImage("web", "busybox:2");
    fate = { prepareMs: 10_000 };
    await move(1);
    const made = () => cluster.tasks("web").filter((t) => t.origin?.movedTaskId);
    await cluster.clock.advance(1_000);
    assert.deepEqual(made(), []);
  });

  describe("of a service that waits for another one", () => {
    /** The service runs on node1 and depends on `db`, which is not there yet. */
    const held = async () => {
      await allOnOne(1);
      const { HEALTHY } = ServiceDependencyCondition;
      const dependsOn = [{ serviceName: "db", condition: HEALTHY }];
      await cluster.store.update((tx) => {
        const [web] = tx.view.service.named("web");
        if (web?.spec) tx.update("service", { ...web, spec: { ...web.spec, dependsOn } });
      });
    };

    it("wait for it for a minute, and are made when it is as it has to be", async () => {
      await held();
      await move(1);
      await cluster.clock.advance(MOVE_HELD_WAIT_MS - 1);
      assert.equal(cluster.tasks("web").length, 1, "nothing begins");
      await cluster.add(aService("db"));
      await cluster.converged("db", 1);
      await cluster.converged("web", 1);
      assert.equal(on("node2"), 1);
    });

    it("are refused after that minute, and say what they waited for", async () => {
      await held();
      const [task] = await move(1);
      await cluster.clock.advance(MOVE_HELD_WAIT_MS);
      assert.equal(refusalOf(task), "held until service db is healthy");
      await cluster.add(aService("db"));
      await cluster.converged("db", 1);
      assert.deepEqual([on("node1"), on("node2")], [1, 0]);
    });
  });

  it("refuses tasks of before an update that is paused: nobody knows when it goes on", async () => {
    await allOnOne(2, make("UpdateConfig", { parallelism: 1 }));
    fate = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await cluster.setAvailability("node1", NodeAvailability.PAUSE);
    await cluster.newImage("web", "busybox:2");
    const paused = (): boolean =>
      cluster.service("web").updateStatus?.state === UpdateStatusState.PAUSED;
    await cluster.clock.until(paused, 60_000);
    const old = cluster.running("web").filter((task) => task.nodeId === "node1");
    assert.equal(old.length, 1, "the other one was to be replaced");
    const [task] = await move(1);
    await cluster.clock.advance(0);
    assert.equal(refusalOf(task), "the update of its service is paused");
  });
});
