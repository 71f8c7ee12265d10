import assert from "node:assert/strict";
import { codec, make } from "../../proto/codec.ts";
import { TaskState } from "../../proto/generated.ts";

describe("codec", () => {
  it("gives every key, with null for an absent message", () => {
    const task = make("Task", { id: "t1" });
    assert.equal(task.spec, null);
    assert.equal(task.slot, 0);
    assert.deepEqual(task.networks, []);
    assert.equal(task.desiredState, TaskState.NEW);
  });

  it("returns what it was given", () => {
    const spec = make("TaskSpec", {
      runtime: "container",
      container: make("ContainerSpec", { image: "nginx", env: ["A=1"], labels: { a: "b" } }),
      resources: make("ResourceRequirements", {
        reservations: make("Resources", { nanoCpus: 2 ** 52, memoryBytes: 8e15 }),
      }),
    });
    const task = make("Task", { id: "t", slot: 3, spec, desiredState: TaskState.RUNNING });
    const bytes = codec("Task").encode(task);
    const back = codec("Task").decode(bytes);
    assert.deepEqual(back, task);
    assert.equal(back.spec?.runtime === "container" && back.spec.container.image, "nginx");
  });

  it("keeps a oneof without a member open", () => {
    const back = codec("TaskSpec").decode(codec("TaskSpec").encode(make("TaskSpec")));
    assert.equal(back.runtime, undefined);
  });

  it("tells an absent boolean from a false one", () => {
    const spec = make("ContainerSpec", { init: { value: false } });
    const back = codec("ContainerSpec").decode(codec("ContainerSpec").encode(spec));
    assert.deepEqual(back.init, { value: false });
    assert.equal(make("ContainerSpec").init, null);
  });

  it("throws on bytes that are no message", () => {
    assert.throws(() => codec("Task").decode(Uint8Array.of(0x0a, 0xff)));
  });
});
