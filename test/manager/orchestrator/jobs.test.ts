import assert from "node:assert/strict";
import { runGlobalJobs, runReplicatedJobs } from "../../../manager/orchestrator/jobs.ts";
import { runTaskReaper } from "../../../manager/orchestrator/task-reaper.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  RestartPolicyCondition,
  TaskState,
  type RestartPolicy,
  type Service,
  type ServiceSpec,
  type Task,
} from "../../../proto/generated.ts";
import { aNode, aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const aJob = (mode: Partial<ServiceSpec>, restart: RestartPolicy | null = null): Service => {
  const task = { ...(aService("x").spec?.task ?? make("TaskSpec")), restart };
  const service = aService("job", { spec: { ...mode, task } as Partial<ServiceSpec> });
  return {
    ...service,
    jobStatus: make("JobStatus", { jobIteration: { index: 0 }, lastExecutionMs: 1 }),
  };
};
const replicatedJob = (maxConcurrent: number, totalCompletions: number, restart?: RestartPolicy) =>
  aJob({ mode: "replicatedJob", replicatedJob: { maxConcurrent, totalCompletions } }, restart);
const globalJob = () => aJob({ mode: "globalJob", globalJob: {} });

const done = (afterMs: number): Fate => ({ ends: { state: TaskState.COMPLETE, afterMs } });

describe("jobs", () => {
  let cluster: Harness;
  let fate: (task: Task) => Fate;
  beforeEach(async () => {
    fate = () => done(10_000);
    cluster = await Harness.open({
      loops: [runReplicatedJobs, runGlobalJobs, runTaskReaper],
      fate: (task) => fate(task),
    });
  });
  afterEach(() => cluster.stop());

  const completed = (run = 0) =>
    cluster
      .tasks("job")
      .filter((t) => t.status?.state === TaskState.COMPLETE && t.jobIteration?.index === run);
  const runAgain = () =>
    cluster.change("job", (s) => ({
      ...s,
      specVersion: s.meta?.version ?? null,
      jobStatus: make("JobStatus", {
        jobIteration: { index: (s.jobStatus?.jobIteration?.index ?? 0) + 1 },
        lastExecutionMs: cluster.clock.now(),
      }),
    }));

  it("completes each slot once, so many at a time", async () => {
    let most = 0;
    cluster.store.onCommit(() => {
      const active = cluster.tasks("job").filter((t) => t.status?.state !== TaskState.COMPLETE);
      most = Math.max(most, active.length);
    });
    await cluster.add(replicatedJob(2, 5));
    assert.equal(await cluster.clock.until(() => completed().length === 5, 60_000), 30_000);
    await cluster.clock.advance(60_000);
    assert.equal(most, 2);
    assert.deepEqual(
      completed()
        .map((t) => t.slot)
        .sort((a, b) => a - b),
      [1, 2, 3, 4, 5],
    );
    assert(completed().every((t) => t.desiredState === TaskState.COMPLETE));
  });

  it("restarts failures in their slot, and gives a slot up after max_attempts", async () => {
    fate = (task) =>
      task.slot === 1 ? { ends: { state: TaskState.FAILED, afterMs: 1 } } : done(1);
    const restart = make("RestartPolicy", {
      condition: RestartPolicyCondition.ANY,
      maxAttempts: 2,
      delayNs: { value: 1e9 },
    });
    await cluster.add(replicatedJob(1, 3, restart));
    await cluster.clock.until(() => completed().length === 2, 60_000);
    await cluster.clock.advance(60_000);
    assert.equal(cluster.tasks("job").filter((t) => t.slot === 1).length, 3);
  });

  it("runs a task again elsewhere when its node is lost", async () => {
    await cluster.add(replicatedJob(1, 1));
    await cluster.clock.advance(1_000);
    const [task] = cluster.tasks("job");
    await cluster.setNodeState(task?.nodeId ?? "", NodeState.DOWN);
    await cluster.clock.until(() => completed().length === 1, 20_000);
    assert.notEqual(completed()[0]?.nodeId, task?.nodeId);
  });

  it("ends the run before when it is run again, and keeps a bounded history", async () => {
    fate = () => done(1_000);
    await cluster.add(replicatedJob(2, 2));
    for (let run = 0; run < 9; run++) {
      await cluster.clock.until(() => completed(run).length === 2, 60_000);
      await runAgain();
    }
    await cluster.clock.advance(10_000);
    assert.equal(cluster.tasks("job").length, 2 * 5);
    fate = () => ({});
    await runAgain();
    await cluster.clock.advance(1_000);
    await runAgain();
    await cluster.clock.advance(10_000);
    const active = cluster.tasks("job").filter((t) => t.status?.state === TaskState.RUNNING);
    assert.deepEqual(
      active.map((t) => t.jobIteration?.index),
      [11, 11],
    );
  });

  it("runs a global job once on each active node, also on one that comes later", async () => {
    await cluster.setAvailability("node3", NodeAvailability.PAUSE);
    await cluster.add(globalJob());
    await cluster.clock.until(() => completed().length === 2, 20_000);
    await cluster.store.update((tx) => tx.create("node", aNode("node4")));
    await cluster.setAvailability("node3", NodeAvailability.ACTIVE);
    await cluster.clock.until(() => completed().length === 4, 20_000);
    await cluster.clock.advance(60_000);
    assert.equal(new Set(completed().map((t) => t.nodeId)).size, 4);
  });

  it("runs a global job anew on a node that was lost before it completed there", async () => {
    await cluster.add(globalJob());
    await cluster.clock.advance(1_000);
    await cluster.setNodeState("node1", NodeState.DOWN);
    await cluster.clock.advance(20_000);
    assert.equal(completed().length, 2);
    await cluster.setNodeState("node1", NodeState.READY);
    await cluster.clock.until(() => completed().length === 3, 80_000);
  });
});
