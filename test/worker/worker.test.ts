import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import { LogStream, TaskState, type Task } from "../../proto/generated.ts";
import { openWorker } from "../../worker/worker.ts";
import type { FakeDispatcher } from "../fakes/dispatcher.ts";
import type { FakeRuntime } from "../fakes/runtime.ts";
import { processTask } from "./runtime/tasks.ts";
import { eventually } from "./runtime/wait.ts";
import { WorkerStage } from "./worker-stage.ts";

const task = (id: string, desiredState: TaskState = TaskState.RUNNING): Task =>
  processTask(id, { command: ["true"] }, { desiredState });

describe("worker", () => {
  let stage: WorkerStage;
  let leader: FakeDispatcher;
  let machine: FakeRuntime;
  const reaches = (taskId: string, state: TaskState): Promise<void> => stage.reaches(taskId, state);

  beforeEach(async () => {
    stage = await WorkerStage.make(openWorker);
    ({ leader, machine } = stage);
  });

  afterEach(() => stage.remove());

  it("describes the node", async () => {
    await eventually(() => leader.sessions === 1);
    const [description] = leader.descriptions;
    assert.equal(description?.hostname, "host-a");
    assert.deepEqual(description?.engine?.labels, { zone: "a" });
    assert.equal(description?.engine?.engineVersion, "0.1.0");
    assert.deepEqual(description?.runtimes, ["process"]);
  });

  it("runs an assigned task to its end and reports where it is", async () => {
    leader.assign(task("t1"));
    await reaches("t1", TaskState.RUNNING);
    assert.equal(leader.statuses.get("t1")?.container?.pid, 1);
    machine.finish("t1", 3);
    await reaches("t1", TaskState.FAILED);
    assert.equal(leader.statuses.get("t1")?.err, "task: non-zero exit (3)");
    assert.equal(leader.statuses.get("t1")?.container?.exitCode, 3);
  });

  it("prepares a task that is wanted ready and starts it when it is wanted running", async () => {
    leader.assign(task("t1", TaskState.READY));
    await reaches("t1", TaskState.READY);
    assert.deepEqual(machine.steps, ["prepare t1"]);
    leader.want("t1", TaskState.RUNNING);
    await reaches("t1", TaskState.RUNNING);
  });

  it("shuts a running task down and removes one that is assigned no more", async () => {
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    leader.want("t1", TaskState.SHUTDOWN);
    await reaches("t1", TaskState.SHUTDOWN);
    assert.deepEqual(machine.running(), ["t2"]);
    leader.unassign("t1");
    leader.unassign("t2");
    await eventually(() => machine.tasks.size === 0);
  });

  it("clears away what is to be removed without waiting for the managers to drop it", async () => {
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    leader.want("t1", TaskState.REMOVE);
    await eventually(() => !machine.tasks.has("t1"));
    await reaches("t1", TaskState.SHUTDOWN);
    assert.deepEqual(machine.running(), ["t2"]);
  });

  it("removes on release what could not be cleared away before", async () => {
    let left = 1;
    machine.hook = (step) => {
      if (step === "remove" && left-- > 0) throw new SwarmError("internal", "device busy");
    };
    leader.assign(task("t1"));
    await reaches("t1", TaskState.RUNNING);
    leader.want("t1", TaskState.REMOVE);
    await reaches("t1", TaskState.SHUTDOWN);
    await eventually(() => left === 0);
    assert.ok(machine.tasks.has("t1"));
    leader.unassign("t1");
    await eventually(() => machine.tasks.size === 0);
  });

  it("breaks a preparation off when the task is to shut down", async () => {
    machine.hook = (step, _id, signal) =>
      step === "prepare"
        ? new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
        : undefined;
    leader.assign(task("t1"));
    await eventually(() => machine.steps.includes("prepare t1"));
    leader.want("t1", TaskState.SHUTDOWN);
    await reaches("t1", TaskState.SHUTDOWN);
  });

  it("rejects a task whose preparation fails and fails one that does not start", async () => {
    machine.hook = (step, id) => {
      if (step === "prepare" && id === "t1") throw new SwarmError("invalid", "no such image");
      if (step === "start" && id === "t2") throw new SwarmError("not-found", "no such program");
    };
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.REJECTED);
    await reaches("t2", TaskState.FAILED);
    assert.equal(leader.statuses.get("t1")?.err, "no such image");
    assert.equal(leader.statuses.get("t2")?.err, "no such program");
  });

  it("leaves the reason with a task that the managers ended before it came", async () => {
    const { REJECTED } = TaskState;
    const err = "assigned node no longer meets constraints";
    const status = make("TaskStatus", { state: REJECTED, message: "rejected", err });
    leader.assign({ ...task("t1"), status }, task("t2"));
    await reaches("t2", TaskState.RUNNING);
    leader.breakSession(new SwarmError("unavailable", "the leader is gone"));
    await reaches("t1", REJECTED);
    assert.equal(leader.statuses.get("t1")?.err, err);
  });

  it("tries a step again after a temporary error and says why it waits", async () => {
    let left = 1;
    machine.hook = (step) => {
      if (step === "start" && left-- > 0) throw new SwarmError("unavailable", "no memory now");
    };
    leader.assign(task("t1"));
    await eventually(() => leader.statuses.get("t1")?.err === "no memory now");
    assert.equal(leader.state("t1"), TaskState.STARTING);
    await reaches("t1", TaskState.RUNNING);
    assert.equal(leader.statuses.get("t1")?.err, "");
  });

  it("waits for a task's secret until the managers have spoken, after a restart", async () => {
    const secrets = [make("SecretReference", { secretId: "s1" })];
    leader.secrets.set("s1", make("Secret", { id: "s1" }));
    machine.hook = (step) => {
      if (step === "prepare") throw new SwarmError("unavailable", "not now");
    };
    leader.assign(processTask("t1", { command: ["true"], secrets }));
    await eventually(() => leader.statuses.get("t1")?.err === "not now");
    await stage.stop();
    machine.hook = () => {};
    machine.steps.length = 0;
    leader.refuse = () => new SwarmError("unavailable", "no manager");
    await stage.open();
    await eventually(() => machine.steps.includes("prepare t1"));
    leader.refuse = () => null;
    await reaches("t1", TaskState.RUNNING);
  });

  it("rejects a task whose secret the managers do not have any more", async () => {
    await eventually(() => leader.sessions === 1);
    const secrets = [make("SecretReference", { secretId: "s1" })];
    leader.assign(processTask("t1", { command: ["true"], secrets }));
    await reaches("t1", TaskState.REJECTED);
    assert.equal(leader.statuses.get("t1")?.err, "secret s1 is not in the swarm any more");
  });

  it("asks for the complete set when a message was lost", async () => {
    leader.assign(task("t1"));
    await reaches("t1", TaskState.RUNNING);
    leader.loseMessage();
    leader.assign(task("t2"));
    await reaches("t2", TaskState.RUNNING);
    assert.equal(leader.sessions, 1);
  });

  it("goes on with running tasks after a restart, and starts none of them twice", async () => {
    leader.assign(task("t1"), task("t2"), task("t3", TaskState.READY));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    await reaches("t3", TaskState.READY);
    await stage.stop();
    machine.finish("t2", 7);
    leader.statuses.clear();
    await stage.open();
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.FAILED);
    await reaches("t3", TaskState.READY);
    assert.equal(machine.of("t1").starts, 1);
    assert.deepEqual(machine.running(), ["t1"]);
  });

  it("removes after a restart what was taken away meanwhile", async () => {
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    await stage.stop();
    leader.unassign("t1");
    await stage.open();
    await eventually(() => machine.tasks.size === 1);
    assert.deepEqual(machine.running(), ["t2"]);
  });

  it("reports everything again to a new leader", async () => {
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    leader.statuses.clear();
    leader.breakSession(new SwarmError("not-leader", "this manager does not lead any more"));
    await eventually(() => leader.sessions === 2);
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    assert.equal(machine.of("t1").starts, 1);
  });

  it("goes to the leader that a manager names", async () => {
    await stage.stop();
    leader.dialled.length = 0;
    leader.refuse = (addr) =>
      addr === "leader:2377"
        ? null
        : new SwarmError("not-leader", "ask the leader", { details: { leader: "leader:2377" } });
    const before = leader.sessions;
    await stage.open();
    await eventually(() => leader.sessions === before + 1);
    assert.equal(leader.dialled.length, 2);
  });

  it("tries the other managers when one does not answer, and remembers the list", async () => {
    await stage.stop();
    leader.managers = ["m3:2377"];
    leader.refuse = (addr) => (addr === "m1:2377" ? new SwarmError("unavailable", "down") : null);
    const before = leader.sessions;
    await stage.open();
    await eventually(() => leader.sessions === before + 1);
    await stage.stop();
    leader.refuse = (addr) => (addr === "m3:2377" ? null : new SwarmError("unavailable", "down"));
    await stage.open();
    await eventually(() => leader.sessions === before + 2);
  });

  it("starts without the list that a loss of power has cut off", async () => {
    await stage.stop();
    await writeFile(join(stage.dir, "managers.json"), '["m1:23');
    const before = leader.sessions;
    await stage.open();
    await eventually(() => leader.sessions === before + 1);
  });

  it("beats as often as the leader asks", async () => {
    await eventually(() => leader.heartbeats >= 3);
  });

  it("sends many statuses in few calls", async () => {
    leader.assign(...Array.from({ length: 200 }, (_, i) => task(`t${i}`)));
    await eventually(() => machine.running().length === 200);
    await eventually(() => leader.state("t199") === TaskState.RUNNING);
    assert.ok(leader.batches.length < 200, `${leader.batches.length} calls for 1,200 statuses`);
  });

  it("publishes the log lines of the tasks that a subscription selects", async () => {
    leader.assign(task("t1"), { ...task("t2"), serviceId: "other" });
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    machine.print("t1", "one");
    machine.print("t1", "two", "stderr");
    machine.print("t2", "three");
    const selector = make("LogSelector", { serviceIds: ["service1"] });
    leader.subscriptions.push(make("SubscriptionMessage", { id: "sub1", selector }));
    await eventually(() => leader.published.some(({ close }) => close));
    const lines = leader.published.flatMap(({ messages }) => messages);
    assert.deepEqual(
      lines.map(({ data, stream, context }) => [String(data), stream, context?.taskId]),
      [
        ["one", LogStream.STDOUT, "t1"],
        ["two", LogStream.STDERR, "t1"],
      ],
    );
  });

  it("follows logs, of tasks that come later too, until the reader leaves", async () => {
    leader.assign(task("t1"));
    await reaches("t1", TaskState.RUNNING);
    const subscription = make("SubscriptionMessage", {
      id: "sub1",
      selector: make("LogSelector", { serviceIds: ["service1"] }),
      options: make("LogOptions", { follow: true }),
    });
    leader.subscriptions.push(subscription);
    const seen = (): string[] =>
      leader.published.flatMap(({ messages }) => messages.map(({ data }) => String(data)));
    machine.print("t1", "one");
    await eventually(() => seen().includes("one"));
    leader.assign(task("t2"));
    await reaches("t2", TaskState.RUNNING);
    machine.print("t2", "two");
    machine.print("t1", "three");
    await eventually(() => seen().includes("two") && seen().includes("three"));
    leader.subscriptions.push({ ...subscription, close: true });
    await eventually(() => machine.of("t1").grown.size === 0);
    await eventually(() => machine.of("t2").grown.size === 0);
  });

  it("waits for a runtime that is not there yet", async () => {
    leader.assign(task("t1"));
    await reaches("t1", TaskState.RUNNING);
    await stage.stop();
    let left = 2;
    machine.adoption = () => {
      if (left-- > 0) throw new SwarmError("unavailable", "the engine restarts");
    };
    leader.statuses.clear();
    await stage.open();
    await reaches("t1", TaskState.RUNNING);
    assert.equal(machine.of("t1").starts, 1);
  });

  it("removes everything when the node leaves", async () => {
    leader.assign(task("t1"), task("t2"));
    await reaches("t1", TaskState.RUNNING);
    await reaches("t2", TaskState.RUNNING);
    await stage.leave();
    assert.equal(machine.tasks.size, 0);
  });
});
