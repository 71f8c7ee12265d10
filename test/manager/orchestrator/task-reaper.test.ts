import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { runTaskReaper } from "../../../manager/orchestrator/task-reaper.ts";
import { make } from "../../../proto/codec.ts";
import { RestartPolicyCondition, TaskState, type Service } from "../../../proto/generated.ts";
import { aService, aTask } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness, type HarnessOptions } from "./harness.ts";

const crashing = { ends: { state: TaskState.FAILED, afterMs: 100 } };

const withRestart = (fields: Parameters<typeof make<"RestartPolicy">>[1]): Service => {
  const task = aService("web").spec?.task ?? make("TaskSpec");
  return aService("web", { spec: { task: { ...task, restart: make("RestartPolicy", fields) } } });
};

describe("task reaper", () => {
  let cluster: Harness;
  const open = async (options: Partial<HarnessOptions> = {}) => {
    cluster = await Harness.open({ loops: [runReplicated, runTaskReaper], ...options });
  };
  const retain = (limit: number) =>
    cluster.store.update((tx) => {
      const orchestration = { taskHistoryRetentionLimit: limit };
      const spec = make("ClusterSpec", { orchestration });
      tx.create("cluster", make("Cluster", { id: "c", spec }));
    });
  afterEach(() => cluster.stop());

  it("keeps five tasks of a slot, the newest, unless the cluster says otherwise", async () => {
    await open({ fate: () => crashing });
    await cluster.add(aService("web"));
    await cluster.clock.advance(600_000);
    const restarts = cluster.tasks("web").map((t) => t.origin?.restarts ?? 0);
    assert.equal(restarts.length, 5);
    const newest = Math.max(...restarts);
    assert.deepEqual(
      restarts.sort((a, b) => a - b),
      [4, 3, 2, 1, 0].map((n) => newest - n),
    );
  });

  it("keeps everything with a negative limit", async () => {
    await open({ fate: () => crashing });
    await retain(-1);
    await cluster.add(aService("web"));
    await cluster.clock.until(() => cluster.tasks("web").length > 8, 900_000);
  });

  it("keeps one task more than max_attempts, so that they can be counted", async () => {
    await open({ fate: () => crashing });
    await retain(1);
    await cluster.add(withRestart({ condition: RestartPolicyCondition.ANY, maxAttempts: 3 }));
    await cluster.clock.advance(600_000);
    assert.equal(cluster.tasks("web").length, 4);
  });

  it("keeps fewer tasks as soon as the service's policy counts none any more", async () => {
    let fate: Fate = crashing;
    await open({ fate: () => fate });
    await retain(1);
    await cluster.add(withRestart({ condition: RestartPolicyCondition.ANY, maxAttempts: 3 }));
    await cluster.clock.until(() => cluster.tasks("web").length === 4, 60_000);
    fate = {};
    await cluster.clock.advance(600_000);
    await cluster.change("web", (web) => ({ ...web, spec: aService("web").spec }));
    await cluster.clock.until(() => cluster.tasks("web").length === 1, 1_000);
  });

  it("never forgets that a slot was done, even with a limit of 0", async () => {
    await open({ fate: () => ({ ends: { state: TaskState.COMPLETE, afterMs: 100 } }) });
    await retain(0);
    await cluster.add(withRestart({ condition: RestartPolicyCondition.ON_FAILURE }));
    await cluster.clock.advance(600_000);
    assert.deepEqual(
      cluster.tasks("web").map((t) => t.status?.state),
      [TaskState.COMPLETE],
    );
  });

  it("takes out what was to be removed once it has stopped, 250 ms later", async () => {
    await open({ fate: () => ({ stopMs: 2_000 }) });
    await cluster.add(aService("web", { replicas: 3 }));
    await cluster.converged("web", 3);
    await cluster.store.update((tx) => tx.remove("service", cluster.service("web")));
    await cluster.clock.advance(2_200);
    assert.equal(cluster.tasks("web").length, 3);
    await cluster.clock.advance(100);
    assert.equal(cluster.tasks("web").length, 0);
  });

  it("takes out orphans that belong to no service", async () => {
    await open();
    const status = make("TaskStatus", { state: TaskState.ORPHANED });
    await cluster.store.update((tx) => tx.create("task", aTask("t1", null, { status })));
    await cluster.clock.until(() => cluster.store.view.task.size === 0, 1_000);
  });

  it("finds at the start what became due under another leader", async () => {
    await open();
    await cluster.stop();
    const gone = { desiredState: TaskState.REMOVE };
    await cluster.store.update((tx) => tx.create("task", aTask("t1", aService("old"), gone)));
    cluster.start();
    await cluster.clock.until(() => cluster.store.view.task.size === 0, 1_000);
  });

  it("removes a service that is to go after its last task", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 2 }));
    await cluster.converged("web", 2);
    await cluster.change("web", (s) => ({ ...s, pendingDelete: true }));
    await cluster.clock.until(() => cluster.store.view.service.size === 0, 10_000);
    assert.equal(cluster.store.view.task.size, 0);
  });
});
