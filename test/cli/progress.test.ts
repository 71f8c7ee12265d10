import assert from "node:assert/strict";
import type { Service } from "../../cli/api/service-types.ts";
import type { Task } from "../../cli/api/types.ts";
import { changedLines, progressLines, redraw } from "../../cli/progress/render.ts";
import type { Snapshot } from "../../cli/progress/snapshot.ts";
import { PROGRESS_START, stepProgress, type ProgressState } from "../../cli/progress/step.ts";
import { service, task } from "./objects.ts";

const NODES = new Map([["n1".padEnd(25, "0"), "one"]]);

function snapshot(replicas: number, states: readonly string[], more: object = {}): Snapshot {
  return {
    service: service("s", "web", replicas, { ...more }) as unknown as Service,
    tasks: states.map(
      (state, n) =>
        task(`t${n}`, { service: "s", slot: n + 1, node: "n1" }, state) as unknown as Task,
    ),
    activeNodes: NODES,
  };
}

function withMode(base: Snapshot, Mode: object): Snapshot {
  return { ...base, service: { ...base.service, Spec: { ...base.service.Spec, Mode } } };
}

describe("progress of a service", () => {
  it("converges only after every task ran for the whole monitor period", () => {
    const wait = stepProgress(PROGRESS_START, snapshot(2, ["running", "starting"]), 0);
    assert.deepEqual(wait.outcome, { kind: "waiting" });
    assert.equal(wait.view.overall, "overall progress: 1 out of 2 tasks");
    assert.equal(wait.view.verify, undefined);
    const all = stepProgress(wait.state, snapshot(2, ["running", "running"]), 1000);
    assert.deepEqual(all.outcome, { kind: "waiting" });
    assert.match(all.view.verify ?? "", /Waiting 5 seconds/);
    const almost = stepProgress(all.state, snapshot(2, ["running", "running"]), 5999);
    assert.match(almost.view.verify ?? "", /Waiting 1 seconds/);
    const done = stepProgress(almost.state, snapshot(2, ["running", "running"]), 6000);
    assert.deepEqual(done.outcome, { kind: "converged" });
    assert.equal(done.view.verify, "verify: Service web converged");
  });

  it("starts the period anew when a task leaves running", () => {
    const all = stepProgress(PROGRESS_START, snapshot(1, ["running"]), 0);
    const lost = stepProgress(all.state, snapshot(1, ["failed"]), 100);
    assert.equal(lost.view.verify, "verify: Detected task failure");
    assert.equal(lost.state.convergedSince, undefined);
    const again = stepProgress(lost.state, snapshot(1, ["running"]), 200);
    assert.equal(again.state.convergedSince, 200);
  });

  it("takes the monitor period from the update configuration", () => {
    const base = snapshot(1, ["running"]);
    const quick = {
      ...base,
      service: {
        ...base.service,
        Spec: {
          ...base.service.Spec,
          UpdateConfig: { Parallelism: 1, MaxFailureRatio: 0, Monitor: 1e9 },
        },
      },
    };
    const first = stepProgress(PROGRESS_START, quick, 0);
    assert.deepEqual(stepProgress(first.state, quick, 1000).outcome, { kind: "converged" });
  });

  it("believes a completed update at once, unless it is already verifying", () => {
    const completed = { UpdateStatus: { State: "completed", Message: "update completed" } };
    const early = stepProgress(PROGRESS_START, snapshot(2, ["running"], completed), 0);
    assert.deepEqual(early.outcome, { kind: "converged" });
    const verifying: ProgressState = { ...PROGRESS_START, convergedSince: 0 };
    const late = stepProgress(verifying, snapshot(1, ["running"], completed), 10);
    assert.deepEqual(late.outcome, { kind: "waiting" });
  });

  it("fails with the engine's message when the update or the rollback pauses", () => {
    for (const [State, what] of [
      ["paused", "service update paused: too many failures"],
      ["rollback_paused", "service rollback paused: too many failures"],
    ]) {
      const paused = { UpdateStatus: { State, Message: "too many failures" } };
      const step = stepProgress(PROGRESS_START, snapshot(1, ["running"], paused), 0);
      assert.deepEqual(step.outcome, { kind: "failed", message: what });
    }
  });

  it("tells that it rolls back, and why, and still waits for the tasks", () => {
    const back = { UpdateStatus: { State: "rollback_started", Message: "task t failed" } };
    const step = stepProgress(PROGRESS_START, snapshot(2, ["running"], back), 0);
    assert.equal(step.view.overall, "overall progress: rolling back update: 1 out of 2 tasks");
    assert.equal(step.view.note, "task t failed");
    assert.deepEqual(step.outcome, { kind: "waiting" });
  });

  it("fails when an update ends as it began, unless that was asked for", () => {
    const back = { UpdateStatus: { State: "rollback_completed", Message: "task t failed" } };
    const settled = snapshot(1, ["running"], back);
    const first = stepProgress(PROGRESS_START, settled, 0);
    assert.deepEqual(stepProgress(first.state, settled, 5000).outcome, {
      kind: "failed",
      message: "the service is as it was before: task t failed",
    });
    const wanted = stepProgress({ ...PROGRESS_START, isRollbackWanted: true }, settled, 0);
    assert.deepEqual(stepProgress(wanted.state, settled, 5000).outcome, { kind: "converged" });
  });

  describe("whose tasks are not started again", () => {
    const ended = (base: Snapshot, desired: string, ...reasons: readonly string[]): Snapshot => ({
      ...base,
      tasks: base.tasks.map((one, n) => {
        if (one.Status.State === "running") return one;
        const Status = { ...one.Status, Err: reasons[n] ?? "" };
        return { ...one, DesiredState: desired, Status };
      }),
    });
    const outcome = (of: Snapshot) => stepProgress(PROGRESS_START, of, 0).outcome;

    it("ends when all have run to their end", () => {
      const done = snapshot(2, ["complete", "running"]);
      assert.deepEqual(outcome(ended(done, "shutdown")), { kind: "converged" });
      const global = withMode(snapshot(1, ["complete"]), { Global: {} });
      assert.deepEqual(outcome(ended(global, "shutdown")), { kind: "converged" });
    });

    it("fails with a reason when one has failed", () => {
      const failed = snapshot(2, ["complete", "failed"]);
      assert.deepEqual(outcome(ended(failed, "shutdown", "", "task: non-zero exit (1)")), {
        kind: "failed",
        message: "1 of 2 tasks failed and are not started again: task: non-zero exit (1)",
      });
      const job = withMode(failed, { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 2 } });
      assert.equal(outcome(ended(job, "shutdown", "", "it broke")).kind, "failed");
      assert.equal(outcome(ended(job, "complete", "", "it broke")).kind, "waiting");
      const half = withMode(failed, { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 3 } });
      assert.equal(outcome(ended(half, "shutdown", "", "it broke")).kind, "waiting");
    });

    it("goes on while the swarm has yet to decide, to place or to replace", () => {
      const waiting = { kind: "waiting" };
      const failed = snapshot(1, ["failed"]);
      assert.deepEqual(outcome(ended(failed, "running")), waiting);
      assert.deepEqual(outcome(ended(snapshot(2, ["failed"]), "shutdown")), waiting);
      const updating = snapshot(1, ["failed"], { UpdateStatus: { State: "updating" } });
      assert.deepEqual(outcome(ended(updating, "shutdown")), waiting);
      const [old] = ended(failed, "shutdown").tasks as [Task];
      const next = { ...old, ID: "new", CreatedAt: "2999-01-01T00:00:00Z" };
      const again = { ...next, DesiredState: "ready", Status: { State: "preparing" } };
      assert.deepEqual(outcome({ ...failed, tasks: [old, again] }), waiting);
    });
  });

  it("counts no task on a node that is down", () => {
    const base = snapshot(1, ["running"]);
    const step = stepProgress(PROGRESS_START, { ...base, activeNodes: new Map() }, 0);
    assert.equal(step.view.overall, "overall progress: 0 out of 1 tasks");
  });

  it("prefers the wanted task of a slot over the one that is being stopped", () => {
    const base = snapshot(1, ["running"]);
    const [old] = base.tasks as [Task];
    const stopping: Task = { ...old, ID: "old", DesiredState: "shutdown" };
    const fresh: Task = { ...old, ID: "new", Status: { State: "preparing" } };
    const step = stepProgress(PROGRESS_START, { ...base, tasks: [stopping, fresh] }, 0);
    assert.equal(step.view.lines[0]?.text, "preparing");
    assert.equal(step.view.overall, "overall progress: 0 out of 1 tasks");
  });

  it("is converged at zero replicas", () => {
    const step = stepProgress(PROGRESS_START, snapshot(0, []), 0);
    assert.match(step.view.verify ?? "", /Waiting 5 seconds/);
  });

  it("counts a global service by node and names the nodes", () => {
    const step = stepProgress(
      PROGRESS_START,
      withMode(snapshot(1, ["running"]), { Global: {} }),
      0,
    );
    assert.equal(step.view.overall, "overall progress: 1 out of 1 tasks");
    assert.equal(step.view.lines[0]?.id, "one");
    const none = stepProgress(PROGRESS_START, withMode(snapshot(1, []), { Global: {} }), 0);
    assert.equal(none.state.convergedSince, undefined, "no node yet is not converged");
  });

  it("ends a job as soon as its tasks are complete", () => {
    const mode = { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 2 } };
    const half = stepProgress(
      PROGRESS_START,
      withMode(snapshot(2, ["complete", "running"]), mode),
      0,
    );
    assert.equal(half.view.overall, "job progress: 1 out of 2 complete");
    assert.deepEqual(half.outcome, { kind: "waiting" });
    const done = stepProgress(half.state, withMode(snapshot(2, ["complete", "complete"]), mode), 1);
    assert.deepEqual(done.outcome, { kind: "converged" });
    assert.equal(done.view.verify, "job complete");
  });

  it("shows a task's error in place of its state", () => {
    const base = snapshot(1, ["pending"]);
    const [pending] = base.tasks as [Task];
    const stuck: Task = { ...pending, Status: { State: "pending", Err: "no suitable node" } };
    const step = stepProgress(PROGRESS_START, { ...base, tasks: [stuck] }, 0);
    assert.equal(step.view.lines[0]?.text, "no suitable node");
  });

  it("draws bars that fit the terminal", () => {
    const { view } = stepProgress(PROGRESS_START, snapshot(2, ["running", "assigned"]), 0);
    assert.deepEqual(progressLines(view, 80), [
      "overall progress: 1 out of 2 tasks",
      `1/2: running   [${"=".repeat(49)}>]`,
      `2/2: assigned  [${"=".repeat(21)}>${" ".repeat(28)}]`,
    ]);
    for (const columns of [10, 30, 60])
      for (const line of progressLines(view, columns)) assert.ok(line.length < columns);
  });

  it("shows no bars for many tasks", () => {
    const { view } = stepProgress(PROGRESS_START, snapshot(21, ["running"]), 0);
    assert.deepEqual(view.lines, []);
  });

  it("redraws over what it drew before", () => {
    assert.equal(redraw(["a"], 0), "\r\u001B[2Ka\n");
    assert.equal(redraw(["a"], 2), "\r\u001B[2A\u001B[2Ka\n\u001B[0J");
  });

  it("writes each change once when nobody watches", () => {
    const first = stepProgress(PROGRESS_START, snapshot(1, ["starting"]), 0);
    assert.deepEqual(changedLines(first.view, undefined), [
      "overall progress: 0 out of 1 tasks",
      "1/1: starting",
    ]);
    assert.deepEqual(changedLines(first.view, first.view), []);
    const second = stepProgress(first.state, snapshot(1, ["running"]), 0);
    assert.deepEqual(changedLines(second.view, first.view), [
      "overall progress: 1 out of 1 tasks",
      "1/1: running",
      "verify: Waiting 5 seconds to verify that tasks are stable...",
    ]);
    const third = stepProgress(second.state, snapshot(1, ["running"]), 2000);
    assert.deepEqual(changedLines(third.view, second.view), [], "a countdown is one line");
  });
});
