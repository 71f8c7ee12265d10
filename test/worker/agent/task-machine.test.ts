import assert from "node:assert/strict";
import fc from "fast-check";
import { SwarmError } from "../../../lib/errors.ts";
import { TaskState } from "../../../proto/generated.ts";
import {
  exited,
  failed,
  isClearable,
  nextStep,
  succeeded,
} from "../../../worker/agent/task-machine.ts";

/** Follows a task whose every step succeeds; returns the messages on its way. */
function follow(start: TaskState, desired: TaskState): { state: TaskState; messages: string[] } {
  const messages: string[] = [];
  let state = start;
  for (;;) {
    const step = nextStep(state, desired);
    if (step.kind === "none") return { state, messages };
    const to =
      step.kind === "advance"
        ? step.to
        : step.kind === "wait"
          ? exited({ code: 0, error: "" })
          : succeeded(step.kind);
    assert.ok(to.state > state, "observed states only grow");
    state = to.state;
    messages.push(to.message);
  }
}

describe("task machine", () => {
  it("takes a new task through every state to its end", () => {
    assert.deepEqual(follow(TaskState.ASSIGNED, TaskState.RUNNING), {
      state: TaskState.COMPLETE,
      messages: ["accepted", "preparing", "prepared", "starting", "started", "finished"],
    });
  });

  it("prepares a task that is wanted ready, and does not start it", () => {
    assert.deepEqual(follow(TaskState.ASSIGNED, TaskState.READY), {
      state: TaskState.READY,
      messages: ["accepted", "preparing", "prepared"],
    });
  });

  it("shuts a task down from any state that is not an end", () => {
    for (const state of [TaskState.ASSIGNED, TaskState.PREPARING, TaskState.RUNNING]) {
      for (const desired of [TaskState.SHUTDOWN, TaskState.REMOVE]) {
        assert.deepEqual(follow(state, desired), {
          state: TaskState.SHUTDOWN,
          messages: ["shutdown"],
        });
      }
    }
  });

  it("leaves an ended task alone", () => {
    const ended = [TaskState.COMPLETE, TaskState.SHUTDOWN, TaskState.FAILED, TaskState.REJECTED];
    fc.assert(
      fc.property(
        fc.constantFrom(...ended),
        fc.constantFrom(...Object.values(TaskState)),
        (state, desired) => assert.equal(nextStep(state, desired).kind, "none"),
      ),
    );
  });

  it("lets nothing of a task go but of one that has ended and is to be removed", () => {
    assert.ok(isClearable(TaskState.SHUTDOWN, TaskState.REMOVE));
    assert.ok(isClearable(TaskState.FAILED, TaskState.REMOVE));
    assert.ok(!isClearable(TaskState.RUNNING, TaskState.REMOVE));
    assert.ok(!isClearable(TaskState.FAILED, TaskState.SHUTDOWN));
  });

  it("always comes to rest, and never goes back", () => {
    const states = Object.values(TaskState);
    fc.assert(
      fc.property(fc.constantFrom(...states), fc.constantFrom(...states), (state, desired) => {
        assert.ok(follow(state, desired).state >= state);
      }),
    );
  });

  it("waits for a job's task though it is wanted complete", () => {
    assert.equal(nextStep(TaskState.RUNNING, TaskState.COMPLETE).kind, "wait");
  });

  it("rejects before STARTING and fails from there on", () => {
    const error = new SwarmError("invalid", "no such user");
    const at = (state: TaskState) => failed({ state, message: "m", err: "" }, error);
    assert.deepEqual(at(TaskState.PREPARING), {
      state: TaskState.REJECTED,
      message: "m",
      err: "no such user",
      retry: false,
    });
    assert.equal(at(TaskState.READY).state, TaskState.REJECTED);
    assert.equal(at(TaskState.STARTING).state, TaskState.FAILED);
    assert.equal(at(TaskState.RUNNING).state, TaskState.FAILED);
  });

  it("keeps the state on a temporary error and says why", () => {
    const error = new SwarmError("unavailable", "engine is away");
    const now = { state: TaskState.PREPARING, message: "preparing", err: "" };
    assert.deepEqual(failed(now, error), { ...now, err: "engine is away", retry: true });
  });

  it("takes any status but a clean zero for a failure", () => {
    assert.equal(exited({ code: 0, error: "" }).state, TaskState.COMPLETE);
    assert.equal(exited({ code: 3, error: "" }).err, "task: non-zero exit (3)");
    const unhealthy = exited({ code: 0, error: "unhealthy container" });
    assert.equal(unhealthy.state, TaskState.FAILED);
    assert.equal(unhealthy.err, "task: non-zero exit (0): unhealthy container");
  });
});
