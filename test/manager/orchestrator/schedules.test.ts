import assert from "node:assert/strict";
import { runReplicatedJobs } from "../../../manager/orchestrator/jobs.ts";
import { nextRunAt } from "../../../manager/orchestrator/schedule-times.ts";
import { runSchedules } from "../../../manager/orchestrator/schedules.ts";
import { runTaskReaper } from "../../../manager/orchestrator/task-reaper.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  ScheduleConcurrency,
  TaskState,
  type Schedule,
  type Service,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { FORBID, REPLACE, ALLOW } = ScheduleConcurrency;

const scheduled = (fields: Fields<Schedule>, totalCompletions = 1): Service => ({
  ...aService("job", {
    spec: {
      mode: "replicatedJob",
      replicatedJob: { maxConcurrent: totalCompletions, totalCompletions },
      schedule: make("Schedule", fields),
    },
  }),
  jobStatus: make("JobStatus", { jobIteration: { index: 0 } }),
});

describe("schedules", () => {
  let cluster: Harness;
  let fate: Fate;
  beforeEach(async () => {
    fate = { ends: { state: TaskState.COMPLETE, afterMs: 10_000 } };
    cluster = await Harness.open({
      loops: [runReplicatedJobs, runSchedules, runTaskReaper],
      fate: () => fate,
    });
    await cluster.clock.advance(HOUR - (cluster.clock.now() % HOUR) + MINUTE);
  });
  afterEach(() => cluster.stop());

  const run = () => cluster.service("job").jobStatus?.jobIteration?.index ?? 0;
  const active = () =>
    cluster
      .tasks("job")
      .filter((t) => t.status?.state === TaskState.RUNNING)
      .map((t) => t.jobIteration?.index);

  it("runs a job at its times, for the first time at the first of them", async () => {
    await cluster.add(scheduled({ cron: "30 * * * *" }));
    await cluster.clock.advance(29 * MINUTE - 1);
    assert.equal(cluster.tasks("job").length, 0);
    await cluster.clock.advance(MINUTE);
    assert.deepEqual(
      cluster.tasks("job").map((t) => t.status?.state),
      [TaskState.COMPLETE],
    );
    await cluster.clock.advance(3 * HOUR);
    assert.equal(run(), 4);
    assert.equal(cluster.tasks("job").length, 4);
  });

  it("keeps a bounded history of runs", async () => {
    await cluster.add(scheduled({ cron: "* * * * *" }, 2));
    await cluster.clock.advance(HOUR);
    assert.equal(run(), 60);
    await cluster.clock.advance(MINUTE / 2);
    assert.equal(cluster.tasks("job").length, 2 * 5);
  });

  it("forbids a run beside another, and starts it late only within the deadline", async () => {
    const startingDeadlineNs = 8 * MINUTE * 1e6;
    await cluster.add(scheduled({ cron: "*/10 * * * *", concurrency: FORBID, startingDeadlineNs }));
    fate = { ends: { state: TaskState.COMPLETE, afterMs: 15 * MINUTE } };
    await cluster.clock.advance(10 * MINUTE);
    assert.deepEqual([run(), active()], [1, [1]]);
    // Due at :20, begun at :25 when the first run ends; that of :30 ends no sooner than :40.
    await cluster.clock.advance(13 * MINUTE);
    assert.equal(run(), 1);
    await cluster.clock.advance(2 * MINUTE);
    assert.deepEqual([run(), active()], [2, [2]]);
  });

  it("misses a run that could not begin within the deadline", async () => {
    await cluster.add(scheduled({ cron: "*/10 * * * *", concurrency: FORBID }));
    fate = { ends: { state: TaskState.COMPLETE, afterMs: 15 * MINUTE } };
    await cluster.clock.advance(28 * MINUTE);
    assert.deepEqual([run(), active()], [1, []]);
  });

  it("replaces a run by the next where it is told to", async () => {
    await cluster.add(scheduled({ cron: "*/10 * * * *", concurrency: REPLACE }));
    fate = {};
    await cluster.clock.advance(30 * MINUTE);
    assert.deepEqual([run(), active()], [3, [3]]);
  });

  it("lets runs go on side by side, within a bound, each under the restart policy", async () => {
    await cluster.add(scheduled({ cron: "*/10 * * * *", concurrency: ALLOW }));
    fate = {};
    await cluster.clock.advance(20 * MINUTE);
    assert.deepEqual(active(), [1, 2]);
    const [first] = cluster.tasks("job");
    await cluster.store.update((tx) => {
      const status = make("TaskStatus", {
        state: TaskState.FAILED,
        timestampMs: cluster.clock.now(),
      });
      if (first) tx.update("task", { ...first, status });
    });
    await cluster.clock.advance(MINUTE);
    assert.deepEqual(
      active().toSorted((a = 0, b = 0) => a - b),
      [1, 2],
    );
    await cluster.clock.advance(3 * HOUR);
    assert.equal(active().length, 10);
    assert.equal(run(), 10);
  });

  it("makes up for the latest run that was missed without a leader, within the deadline", async () => {
    await cluster.add(scheduled({ cron: "*/10 * * * *", startingDeadlineNs: 5 * MINUTE * 1e6 }));
    await cluster.clock.advance(10 * MINUTE);
    assert.equal(run(), 1);
    await cluster.stop();
    await cluster.clock.advance(33 * MINUTE);
    cluster.start();
    await cluster.clock.advance(1_000);
    assert.equal(run(), 2);
    await cluster.stop();
    await cluster.clock.advance(15 * MINUTE);
    cluster.start();
    await cluster.clock.advance(1_000);
    assert.equal(run(), 2);
  });

  it("reads times in the schedule's zone, UTC unless it names one", () => {
    const at = Date.UTC(2026, 2, 28, 12);
    const daily = (timeZone: string) => make("Schedule", { cron: "30 2 * * *", timeZone });
    assert.equal(nextRunAt(daily(""), at), Date.UTC(2026, 2, 29, 2, 30));
    assert.equal(nextRunAt(daily("Asia/Tokyo"), at), Date.UTC(2026, 2, 28, 17, 30));
    assert.equal(nextRunAt(make("Schedule", { cron: "0 0 30 2 *" }), at), Infinity);
  });

  it("goes on with the others when one schedule cannot be read", async () => {
    await cluster.add({ ...scheduled({ cron: "61 * * * *" }), id: "bad", spec: null });
    const bad = scheduled({ cron: "61 * * * *" });
    const annotations = make("Annotations", { name: "bad" });
    await cluster.change("bad", (s) => ({ ...s, spec: bad.spec && { ...bad.spec, annotations } }));
    await cluster.add(scheduled({ cron: "*/10 * * * *" }));
    await cluster.clock.advance(10 * MINUTE);
    assert.equal(run(), 1);
  });
});
