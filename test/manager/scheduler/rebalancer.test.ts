import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { REFUSAL_REST_MS, runRebalancer } from "../../../manager/scheduler/rebalance/rebalancer.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  TaskState,
  type RebalanceConfig,
} from "../../../proto/generated.ts";
import { aNode, aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "../orchestrator/harness.ts";

const MINUTE_MS = 60_000;

describe("the automatic rebalance", () => {
  let cluster: Harness;
  /** How tasks fare on node2. */
  let fate: Fate;
  beforeEach(async () => {
    fate = {};
    cluster = await Harness.open({
      loops: [runReplicated, runRebalancer],
      nodes: 1,
      fate: (task) => (task.nodeId === "node2" ? fate : {}),
    });
    await cluster.store.update((tx) =>
      tx.create("cluster", make("Cluster", { id: "c1", spec: make("ClusterSpec") })),
    );
    await cluster.add(aService("web", { replicas: 8 }));
    await cluster.converged("web", 8);
  });
  afterEach(() => cluster.stop());

  const turnOn = (config: Fields<RebalanceConfig>) =>
    cluster.store.update((tx) => {
      const found = tx.view.cluster.get("c1");
      const spec = make("ClusterSpec", { rebalance: make("RebalanceConfig", config) });
      if (found) tx.update("cluster", { ...found, spec });
    });
  const join = () => {
    const status = make("NodeStatus", { state: NodeState.READY, sinceMs: cluster.clock.now() });
    return cluster.store.update((tx) => tx.create("node", aNode("node2", { status })));
  };
  const on = (nodeId: string) => cluster.running("web").filter((t) => t.nodeId === nodeId).length;
  const minutes = (count: number) => cluster.clock.advance(count * MINUTE_MS);

  it("is off unless asked for", async () => {
    await join();
    await minutes(120);
    assert.equal(on("node2"), 0);
  });

  it("moves no more than its budget in an interval, and lets a new node warm up", async () => {
    await turnOn({ movesMax: 3 });
    await join();
    await minutes(4.9);
    assert.equal(on("node2"), 0);
    await minutes(0.2);
    assert.equal(on("node2"), 3);
    await minutes(9.7);
    assert.equal(on("node2"), 3);
    await minutes(0.4);
    assert.equal(on("node2"), 4);
    await minutes(60);
    assert.equal(on("node2"), 4);
    await cluster.converged("web", 8);
  });

  it("grants no more under the next leader", async () => {
    await turnOn({ movesMax: 2, intervalNs: 10 * MINUTE_MS * 1e6, warmUpNs: { value: 0 } });
    await join();
    await turnOn({ movesMax: 2, warmUpNs: { value: 0 } });
    await minutes(1);
    assert.equal(on("node2"), 2);
    await cluster.stop();
    cluster.start();
    await minutes(5);
    assert.equal(on("node2"), 2);
    await minutes(5);
    assert.equal(on("node2"), 4);
  });

  it("leaves a service alone for an hour after one of its moves was refused", async () => {
    fate = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await join();
    await turnOn({ movesMax: 1, warmUpNs: { value: 0 } });
    await minutes(55);
    const tries = () => cluster.tasks("web").filter((t) => t.origin?.movedTaskId).length;
    assert.equal(tries(), 1);
    fate = {};
    await cluster.clock.advance(REFUSAL_REST_MS);
    assert(on("node2") >= 1);
  });

  it("moves nothing to a node that is not up, or paused", async () => {
    await join();
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await turnOn({ movesMax: 8, warmUpNs: { value: 0 } });
    await minutes(60);
    assert.equal(on("node2"), 0);
  });
});
