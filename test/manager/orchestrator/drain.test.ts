import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  RestartPolicyCondition,
  TaskState,
  type UpdateConfig,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const stopFirst = make("UpdateConfig", { parallelism: 1 });

describe("draining a node", () => {
  let cluster: Harness;
  /** How tasks fare on node2. */
  let fate: Fate;
  afterEach(() => cluster.stop());

  /** A service whose tasks are all on node1; node2 comes only then. */
  const allOnOne = async (replicas: number, update: UpdateConfig | null) => {
    fate = {};
    cluster = await Harness.open({
      loops: [runReplicated],
      nodes: 2,
      fate: (task) => (task.nodeId === "node1" ? {} : fate),
    });
    await cluster.setAvailability("node2", NodeAvailability.PAUSE);
    await cluster.add(aService("web", { replicas, spec: { update } }));
    await cluster.converged("web", replicas);
  };
  const drain = () => cluster.setAvailability("node1", NodeAvailability.DRAIN);
  const admit = () => cluster.setAvailability("node2", NodeAvailability.ACTIVE);
  const watch = () => {
    const seen = { least: Infinity, most: 0 };
    cluster.store.onCommit(() => {
      const running = cluster.tasks("web").filter((t) => t.status?.state === TaskState.RUNNING);
      seen.least = Math.min(seen.least, running.length);
      seen.most = Math.max(seen.most, running.length);
    });
    return seen;
  };

  it("starts the successors first where nobody asked for the contrary", async () => {
    await allOnOne(3, null);
    await admit();
    fate = { prepareMs: 1_000 };
    const seen = watch();
    await drain();
    assert.equal(await cluster.converged("web", 3), 1_000);
    assert.equal(seen.least, 3);
    assert(cluster.running("web").every((t) => t.nodeId === "node2"));
    assert.equal(cluster.running("web")[0]?.origin?.reason, "moved: node node1 is drained");
  });

  it("never runs two tasks of a slot that is to stop first, and keeps one running", async () => {
    await allOnOne(3, stopFirst);
    await admit();
    fate = { prepareMs: 1_000 };
    const seen = watch();
    await drain();
    await cluster.converged("web", 3);
    assert.deepEqual(seen, { least: 1, most: 3 });
  });

  it("moves the only task of a service that is to stop first at once", async () => {
    await allOnOne(1, stopFirst);
    await admit();
    await drain();
    assert.equal(await cluster.converged("web", 1), 0);
  });

  it("empties the node after a minute when there is no other place", async () => {
    await allOnOne(2, null);
    await drain();
    await cluster.clock.advance(59_000);
    assert.equal(cluster.running("web").length, 2);
    await cluster.clock.advance(1_000);
    assert.equal(cluster.running("web").length, 0);
    await admit();
    await cluster.converged("web", 2);
  });

  it("does the same for the last task of a service that is to stop first", async () => {
    await allOnOne(2, stopFirst);
    await drain();
    await cluster.clock.advance(59_000);
    assert.equal(cluster.running("web").length, 1);
    await cluster.clock.advance(1_000);
    assert.equal(cluster.running("web").length, 0);
  });

  it("keeps a task while its successor crashes, with the delays of the restart policy", async () => {
    await allOnOne(1, null);
    await admit();
    const [task] = cluster.running("web");
    fate = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await drain();
    await cluster.clock.advance(15_000);
    assert.equal(cluster.store.view.task.get(task?.id ?? "")?.desiredState, TaskState.RUNNING);
    assert(cluster.tasks("web").length <= 5, `${cluster.tasks("web").length} tasks in 15 s`);
    fate = {};
    const moved = () =>
      cluster
        .running("web")
        .map((t) => t.nodeId)
        .join() === "node2";
    await cluster.clock.until(moved, 300_000);
  });

  it("does not wait for a successor that crashes again and again", async () => {
    await allOnOne(1, null);
    await admit();
    fate = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await drain();
    await cluster.clock.until(() => cluster.running("web").length === 0, 300_000);
    const restarts = cluster.tasks("web").map((t) => t.origin?.restarts ?? 0);
    assert.equal(Math.max(...restarts), 5);
  });

  it("empties the node when the restart policy gives the successor up", async () => {
    await allOnOne(1, null);
    await cluster.change("web", ({ spec, ...service }) => ({
      ...service,
      spec: spec && {
        ...spec,
        task: spec.task && {
          ...spec.task,
          restart: make("RestartPolicy", {
            condition: RestartPolicyCondition.ANY,
            maxAttempts: 2,
          }),
        },
      },
    }));
    await admit();
    await cluster.clock.advance(1_000);
    fate = { ends: { state: TaskState.FAILED, afterMs: 100 } };
    await drain();
    await cluster.clock.advance(120_000);
    assert.equal(cluster.running("web").length, 0);
    assert.equal(cluster.tasks("web").length, 4);
  });
});
