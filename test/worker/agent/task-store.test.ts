import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { make } from "../../../proto/codec.ts";
import { TaskState } from "../../../proto/generated.ts";
import { openTaskStore, type TaskStore } from "../../../worker/agent/task-store.ts";
import { taskOf } from "../runtime/tasks.ts";

describe("task store", () => {
  let dir: string;
  let store: TaskStore;

  const reopen = async (): Promise<void> => {
    await store.close();
    store = await openTaskStore(dir, silentLog);
  };
  const status = (taskId: string, state: TaskState) =>
    ({ kind: "status", taskId, status: make("TaskStatus", { state }) }) as const;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-store-"));
    store = await openTaskStore(dir, silentLog);
  });

  afterEach(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  it("gives back tasks with the local status, or the assigned one where there is none", async () => {
    await store.save([
      { kind: "task", task: taskOf("t1") },
      { kind: "task", task: taskOf("t2") },
    ]);
    await store.save([status("t1", TaskState.RUNNING)]);
    await reopen();
    const { assigned } = await store.load();
    assert.deepEqual(
      assigned.map(({ task, status: { state } }) => [task.id, state]),
      [
        ["t1", TaskState.RUNNING],
        ["t2", TaskState.ASSIGNED],
      ],
    );
    assert.deepEqual(assigned[0]?.task, taskOf("t1"));
  });

  it("remembers whose removal is not finished, and forgets what was removed", async () => {
    for (const id of ["t1", "t2"]) await store.save([{ kind: "task", task: taskOf(id) }]);
    await store.save([
      { kind: "unassigned", taskId: "t1" },
      { kind: "unassigned", taskId: "t2" },
    ]);
    await store.save([{ kind: "removed", taskId: "t2" }]);
    await reopen();
    assert.deepEqual(await store.load(), { assigned: [], unassigned: ["t1"] });
  });

  it("keeps the order of saves that are under way together", async () => {
    const states = [TaskState.ACCEPTED, TaskState.PREPARING, TaskState.READY, TaskState.RUNNING];
    await Promise.all([
      store.save([{ kind: "task", task: taskOf("t1") }]),
      ...states.map((state) => store.save([status("t1", state)])),
    ]);
    const { assigned } = await store.load();
    assert.equal(assigned[0]?.status.state, TaskState.RUNNING);
  });

  it("refuses a directory that is in use", async () => {
    await assert.rejects(openTaskStore(dir, silentLog), (error) =>
      isSwarmError(error, "failed-precondition"),
    );
  });
});
