import assert from "node:assert/strict";
import { SwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import type { LogOptions, PublishLogsMessage, Task } from "../../../proto/generated.ts";
import { LogStream, TaskState } from "../../../proto/generated.ts";
import { TaskRunner } from "../../../worker/agent/task-runner.ts";
import { publishTasks, withoutRepeats } from "../../../worker/logs/publish-tasks.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";
import { SimClock } from "../../fakes/sim-clock.ts";
import { noFiles, processTask } from "../runtime/tasks.ts";
import { eventually } from "../runtime/wait.ts";

const { signal } = new AbortController();

describe("publishing logs", () => {
  let machine: FakeRuntime;
  let clock: SimClock;
  let runners: TaskRunner[];
  const published: PublishLogsMessage[] = [];

  beforeEach(() => {
    machine = new FakeRuntime();
    clock = new SimClock();
    runners = [];
    published.length = 0;
  });

  function hold(id: string, fields: Fields<Task> = {}): TaskRunner {
    const task = processTask(id, { command: ["true"] }, fields);
    const status = make("TaskStatus", { state: TaskState.RUNNING });
    const runner = new TaskRunner(
      { task, status },
      {
        runtime: machine,
        files: noFiles,
        clock,
        log: silentLog,
        record: () => Promise.resolve(),
      },
    );
    runners.push(runner);
    return runner;
  }

  async function publish(options: Fields<LogOptions> = {}): Promise<void> {
    const subscription = make("SubscriptionMessage", {
      id: "sub1",
      selector: make("LogSelector", { serviceIds: ["service1"] }),
      options: make("LogOptions", options),
    });
    const tasks = { runners: () => runners, onTask: () => () => {} };
    const messages = publishTasks(subscription, "node1", { clock, tasks }, signal);
    for await (const message of messages) published.push(message);
  }

  const texts = (): string[] =>
    published.flatMap(({ messages }) => messages.map(({ data }) => String(data)));

  it("says that it is done, even when nothing is selected", async () => {
    hold("t1", { serviceId: "other" });
    await publish();
    assert.deepEqual(
      published.map(({ subscriptionId, close }) => [subscriptionId, close]),
      [["sub1", true]],
    );
  });

  it("keeps to the stream and the number of lines that were asked for", async () => {
    hold("t1");
    for (let i = 0; i < 5; i++) machine.print("t1", `o${i}`);
    machine.print("t1", "e", "stderr");
    await publish({ streams: [LogStream.STDERR] });
    assert.deepEqual(texts(), ["e"]);
    published.length = 0;
    await publish({ tail: { value: 2 } });
    assert.deepEqual(texts(), ["o4", "e"]);
  });

  it("goes on with a task where it was read before, whatever the tail", async () => {
    hold("t1");
    hold("t2");
    for (const text of ["a", "b", "c"]) for (const id of ["t1", "t2"]) machine.print(id, text + id);
    await publish({ tail: { value: 1 }, positions: [{ taskId: "t2", sinceMs: 1 }] });
    assert.deepEqual(texts().sort(), ["bt2", "ct1", "ct2"]);
  });

  it("warns of a task whose log cannot be read, and gives the others", async () => {
    hold("t1");
    hold("t2");
    machine.print("t2", "fine");
    const controller = machine.controller.bind(machine);
    machine.controller = (task, files) => {
      if (task.id === "t1") throw new SwarmError("internal", "the file is damaged");
      return controller(task, files);
    };
    await publish();
    assert.deepEqual(texts(), ["fine"]);
    const warnings = published.map(({ warning }) => warning).filter((text) => text !== "");
    assert.deepEqual(warnings, ["logs of task t1 could not be read: the file is damaged"]);
  });

  it("names a task with its attributes, and a time, once for all lines that share them", () => {
    const [one, other] = ["t1", "t2"].map((taskId) => make("LogContext", { taskId }));
    const line = (context: typeof one = one, timestamp = "then") =>
      make("LogMessage", { context: context ?? null, timestamp });
    const lines = [line(), line(), line(one, "later"), line(other, "later"), line(other, "later")];
    const green = { colour: "green" };
    const coloured = withoutRepeats([
      line(),
      ...[green, green].map((attrs) => ({ ...line(), attrs })),
    ]);
    assert.deepEqual(
      coloured.map(({ context, attrs }) => [context?.taskId, attrs]),
      [
        ["t1", {}],
        ["t1", green],
        [undefined, {}],
      ],
    );
    assert.deepEqual(
      withoutRepeats(lines).map(({ context, timestamp }) => [context?.taskId, timestamp]),
      [
        ["t1", "then"],
        [undefined, ""],
        [undefined, "later"],
        ["t2", "later"],
        [undefined, ""],
      ],
    );
  });

  it("lets a task send ten megabytes a second and more, within a bound", async () => {
    hold("t1");
    const text = "x".repeat(100_000);
    for (let i = 0; i < 700; i++) machine.print("t1", text);
    const done = publish();
    await eventually(() => texts().length >= 167);
    const megabytes = (): number => texts().length / 10;
    // What was not used before, then what a second may bring.
    assert.ok(megabytes() <= 17, `${megabytes()} MB at once`);
    await clock.advance(1_000);
    assert.ok(megabytes() > 32 && megabytes() <= 34, `${megabytes()} MB after a second`);
    await clock.advance(5_000);
    await done;
    assert.equal(texts().length, 700);
  });
});
