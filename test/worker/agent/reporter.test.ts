import assert from "node:assert/strict";
import type { Clock } from "../../../lib/clock.ts";
import { make } from "../../../proto/codec.ts";
import { TaskState, type TaskStatusUpdate } from "../../../proto/generated.ts";
import { Reporter } from "../../../worker/agent/reporter.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

const status = (state: TaskState) => make("TaskStatus", { state });
const task = (id: string, desiredState: TaskState = TaskState.RUNNING) =>
  make("Task", { id, desiredState });

/** A reporter whose calls are noted, each as `task state` pairs. */
function open(earlyMs = 0) {
  const clock = new SimClock();
  const early: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, fire) => clock.after(ms - earlyMs, fire),
    turn: () => clock.turn(),
  };
  const reporter = new Reporter(early);
  const calls: string[][] = [];
  const abort = new AbortController();
  const send = (updates: readonly TaskStatusUpdate[]): Promise<void> => {
    calls.push(updates.map(({ taskId, status: sent }) => `${taskId} ${sent?.state}`));
    return Promise.resolve();
  };
  const running = assert.rejects(reporter.run(send, abort.signal), /over/);
  const stop = async (): Promise<void> => {
    abort.abort(new Error("over"));
    await running;
  };
  return { clock, reporter, calls, stop };
}

describe("reporter", () => {
  it("reports at once what comes after a pause, and together what comes soon after", async () => {
    const { clock, reporter, calls, stop } = open();
    reporter.report(task("a"), status(TaskState.STARTING));
    await clock.advance(0);
    assert.deepEqual(calls, [[`a ${TaskState.STARTING}`]]);
    for (const id of ["b", "c"]) {
      reporter.report(task(id), status(TaskState.STARTING));
      await clock.advance(10);
    }
    reporter.report(task("b"), status(TaskState.FAILED));
    await clock.advance(10);
    assert.equal(calls.length, 1);
    await clock.advance(20);
    assert.deepEqual(calls[1], [`b ${TaskState.FAILED}`, `c ${TaskState.STARTING}`]);
    await clock.advance(1_000);
    reporter.report(task("c"), status(TaskState.RUNNING));
    await clock.advance(0);
    assert.deepEqual(calls[2], [`c ${TaskState.RUNNING}`]);
    await stop();
  });

  it("lets tasks on their way to run gather for longer, until the last one runs", async () => {
    const { clock, reporter, calls, stop } = open();
    reporter.report(task("a"), status(TaskState.ACCEPTED));
    await clock.advance(0);
    reporter.report(task("a"), status(TaskState.STARTING));
    reporter.report(task("b"), status(TaskState.PREPARING));
    await clock.advance(240);
    assert.equal(calls.length, 1);
    await clock.advance(10);
    assert.deepEqual(calls[1], [`a ${TaskState.STARTING}`, `b ${TaskState.PREPARING}`]);
    reporter.report(task("b"), status(TaskState.STARTING));
    await clock.advance(100);
    reporter.report(task("a"), status(TaskState.RUNNING));
    await clock.advance(100);
    assert.equal(calls.length, 2);
    reporter.report(task("b"), status(TaskState.RUNNING));
    await clock.advance(0);
    assert.deepEqual(calls[2], [`b ${TaskState.RUNNING}`, `a ${TaskState.RUNNING}`]);
    assert.equal(clock.pending, 1, "the wait that was cut short has no timer left");
    await stop();
  });

  it("waits for no task that has come as far as it may, or is gone", async () => {
    const { clock, reporter, calls, stop } = open();
    reporter.report(task("a", TaskState.READY), status(TaskState.READY));
    reporter.report(task("b"), status(TaskState.STARTING));
    reporter.report(task("c"), status(TaskState.STARTING));
    await clock.advance(60);
    assert.equal(calls.length, 1);
    reporter.forget("b");
    reporter.report(task("c"), status(TaskState.RUNNING));
    await clock.advance(0);
    assert.deepEqual(calls[1], [`c ${TaskState.RUNNING}`]);
    await stop();
  });

  it("tells at once of an end that is missed, and of others together", async () => {
    const { clock, reporter, calls, stop } = open();
    reporter.report(task("a", TaskState.REMOVE), status(TaskState.SHUTDOWN));
    await clock.advance(60);
    reporter.report(task("b", TaskState.REMOVE), status(TaskState.SHUTDOWN));
    await clock.advance(100);
    assert.deepEqual(calls, [[`a ${TaskState.SHUTDOWN}`]]);
    reporter.report(task("c", TaskState.SHUTDOWN), status(TaskState.SHUTDOWN));
    await clock.advance(0);
    assert.deepEqual(calls[1], [`b ${TaskState.SHUTDOWN}`, `c ${TaskState.SHUTDOWN}`]);
    reporter.report(task("d", TaskState.REMOVE), status(TaskState.SHUTDOWN));
    await clock.advance(250);
    assert.deepEqual(calls[2], [`d ${TaskState.SHUTDOWN}`]);
    await stop();
  });

  it("says no more of a task that is forgotten, and ends while it gathers", async () => {
    const { clock, reporter, calls, stop } = open();
    reporter.report(task("a"), status(TaskState.RUNNING));
    await clock.advance(0);
    reporter.report(task("a"), status(TaskState.SHUTDOWN));
    reporter.forget("a");
    await clock.advance(1_000);
    assert.equal(calls.length, 1);
    reporter.report(task("b"), status(TaskState.RUNNING));
    await clock.advance(0);
    await stop();
  });

  it("reports what has gathered also where timers fire a moment too early", async () => {
    const { clock, reporter, calls, stop } = open(0.5);
    reporter.report(task("a"), status(TaskState.ACCEPTED));
    await clock.advance(0);
    reporter.report(task("a"), status(TaskState.READY));
    await clock.advance(1_000);
    assert.deepEqual(calls[1], [`a ${TaskState.READY}`]);
    await stop();
  });

  it("ends while it gathers, and nothing has come", async () => {
    const { clock, reporter, stop } = open();
    reporter.report(task("a"), status(TaskState.RUNNING));
    await clock.advance(100);
    await stop();
    assert.equal(clock.pending, 0);
  });

  it("keeps for the next session what a call that failed did not bring", async () => {
    const clock = new SimClock();
    const reporter = new Reporter(clock);
    const { signal } = new AbortController();
    reporter.report(task("a"), status(TaskState.STARTING));
    reporter.report(task("b"), status(TaskState.STARTING));
    const lost = reporter.run(() => {
      reporter.report(task("b"), status(TaskState.RUNNING));
      return Promise.reject(new Error("lost"));
    }, signal);
    await assert.rejects(lost, /lost/);
    const sent: (readonly TaskStatusUpdate[])[] = [];
    const again = reporter.run((updates) => {
      sent.push(updates);
      return Promise.reject(new Error("enough"));
    }, signal);
    await assert.rejects(again, /enough/);
    const states = sent[0]?.map(({ taskId, status: one }) => [taskId, one?.state]);
    assert.deepEqual(
      new Map(states as [string, TaskState][]),
      new Map([
        ["a", TaskState.STARTING],
        ["b", TaskState.RUNNING],
      ]),
    );
  });
});
