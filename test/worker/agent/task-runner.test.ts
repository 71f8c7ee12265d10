import assert from "node:assert/strict";
import pino from "pino";
import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import { TaskState } from "../../../proto/generated.ts";
import { TaskRunner } from "../../../worker/agent/task-runner.ts";
import { aService, aTask } from "../../fakes/objects.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

describe("a task's runner", () => {
  it("tells the log once a minute of a step that fails again and again, and at once when it ends", async () => {
    const clock = new SimClock();
    const runtime = new FakeRuntime();
    const warnings: string[] = [];
    const log = pino({ level: "warn" }, { write: (line) => void warnings.push(line) });
    let attempts = 0;
    let error = new SwarmError("unavailable", "the engine is not there");
    runtime.hook = (step) => {
      if (step !== "wait") return;
      attempts++;
      throw error;
    };
    const status = make("TaskStatus", { state: TaskState.ASSIGNED });
    const task = aTask("t1", aService("web"), { status });
    const none = () => assert.fail("the task has none");
    const files = { secret: none, config: none, volume: none };
    const record = () => Promise.resolve();
    const runner = new TaskRunner({ task, status }, { runtime, files, clock, log, record });
    const end = new AbortController();
    const running = runner.run(end.signal).catch((reason: unknown) => {
      if (!end.signal.aborted) throw reason;
    });
    await clock.advance(90_000);
    assert.ok(attempts > 60, `it is tried each second: ${attempts} times`);
    assert.equal(warnings.length, 2);
    error = new SwarmError("internal", "gone");
    await clock.advance(2_000);
    assert.equal(warnings.length, 3);
    assert.match(warnings.at(-1) ?? "", /"retry":false.*gone/);
    end.abort();
    await clock.advance(1_000);
    await running;
  });
});
