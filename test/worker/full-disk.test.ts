import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import { silentLog } from "../../lib/log.ts";
import { TaskState, type Task } from "../../proto/generated.ts";
import { openTaskStore, type TaskChange, type TaskStore } from "../../worker/agent/task-store.ts";
import { Worker } from "../../worker/worker.ts";
import type { FakeDispatcher } from "../fakes/dispatcher.ts";
import type { FakeRuntime } from "../fakes/runtime.ts";
import { processTask } from "./runtime/tasks.ts";
import { eventually } from "./runtime/wait.ts";
import { WorkerStage } from "./worker-stage.ts";

const FULL = "the task store cannot be written: No space left on device";
/** What waits for the disk waits less here. */
const clock: Clock = {
  ...systemClock,
  after: (ms, fire) => systemClock.after(ms === 5_000 ? 10 : ms, fire),
};

const task = (id: string, desiredState: TaskState = TaskState.RUNNING): Task =>
  processTask(id, { command: ["true"] }, { desiredState });

/** A task store on a disk that can be full. */
class FullDisk implements TaskStore {
  isFull = false;
  readonly #store: TaskStore;

  constructor(store: TaskStore) {
    this.#store = store;
  }

  load(): ReturnType<TaskStore["load"]> {
    return this.#store.load();
  }

  save(changes: readonly TaskChange[]): Promise<void> {
    if (this.isFull) return Promise.reject(new SwarmError("unavailable", FULL));
    return this.#store.save(changes);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

describe("a worker whose disk is full", () => {
  let stage: WorkerStage;
  let disk: FullDisk;
  let leader: FakeDispatcher;
  let machine: FakeRuntime;
  const reaches = (taskId: string, state: TaskState): Promise<void> => stage.reaches(taskId, state);

  beforeEach(async () => {
    stage = await WorkerStage.make(async (options, modules) => {
      disk = new FullDisk(await openTaskStore(join(options.dir, "tasks"), silentLog));
      return new Worker(options, { ...modules, clock }, disk);
    });
    ({ leader, machine } = stage);
    leader.assign(task("old"));
    await reaches("old", TaskState.RUNNING);
    disk.isFull = true;
  });

  afterEach(() => stage.remove());

  it("keeps its session, and tells how its tasks end", async () => {
    machine.finish("old", 3);
    await reaches("old", TaskState.FAILED);
    leader.assign(task("new"));
    await eventually(() => leader.statuses.get("new")?.err === FULL);
    assert.equal(leader.sessions, 1);
  });

  it("lets new tasks wait and say why, and runs them when there is room", async () => {
    leader.assign(task("new"));
    await eventually(() => leader.statuses.get("new")?.err === FULL);
    assert.equal(leader.state("new"), TaskState.ASSIGNED);
    assert.ok(!machine.steps.includes("prepare new"));
    disk.isFull = false;
    await reaches("new", TaskState.RUNNING);
    assert.equal(leader.statuses.get("new")?.err, "");
  });

  it("still stops and removes what it is told to", async () => {
    leader.want("old", TaskState.SHUTDOWN);
    await reaches("old", TaskState.SHUTDOWN);
    leader.unassign("old");
    await eventually(() => machine.steps.includes("remove old"));
    assert.equal(leader.sessions, 1);
  });

  it("ends a waiting task that is not wanted any more, and forgets one that was taken away", async () => {
    leader.assign(task("new"), task("other"));
    await eventually(() => leader.statuses.get("other")?.err === FULL);
    leader.want("new", TaskState.SHUTDOWN);
    await reaches("new", TaskState.SHUTDOWN);
    leader.unassign("other");
    disk.isFull = false;
    leader.assign(task("last"));
    await reaches("last", TaskState.RUNNING);
    assert.ok(!machine.steps.includes("start other"));
  });

  it("starts nothing twice when it is restarted meanwhile", async () => {
    leader.assign(task("new"));
    await eventually(() => leader.statuses.get("new")?.err === FULL);
    await stage.stop();
    await stage.open();
    await reaches("new", TaskState.RUNNING);
    const starts = machine.steps.filter((step) => step.startsWith("start"));
    assert.deepEqual(starts, ["start old", "start new"]);
  });
});
