import assert from "node:assert/strict";
import { codec, make } from "../../proto/codec.ts";
import type { Task, TaskSpec } from "../../proto/generated.ts";

function spec(image: string): TaskSpec {
  const container = make("ContainerSpec", { image, labels: { team: "shop" } });
  return make("TaskSpec", { runtime: "container", container });
}

function returned(task: Task): Task {
  return codec("Task").decode(codec("Task").encode(task));
}

describe("shared messages", () => {
  it("decode to one object where they are equal", () => {
    const one = returned(make("Task", { id: "t1", spec: spec("web") }));
    const two = returned(make("Task", { id: "t2", spec: spec("web") }));
    assert.equal(one.spec, two.spec);
    assert.deepEqual(one.spec, spec("web"));
  });

  it("decode to objects of their own where they differ", () => {
    const one = returned(make("Task", { id: "t1", spec: spec("web") }));
    const two = returned(make("Task", { id: "t2", spec: spec("api") }));
    assert.deepEqual([one.spec, two.spec], [spec("web"), spec("api")]);
  });

  it("are told apart in any kind of bytes", () => {
    const both = ["api", "web"].map((image) => make("Task", { spec: spec(image) }));
    const wanted = make("ListTasksResponse", { tasks: both });
    const bytes = new Uint8Array(codec("ListTasksResponse").encode(wanted));
    assert.deepEqual(codec("ListTasksResponse").decode(bytes), wanted);
  });

  it("leave what follows them in its place", () => {
    const task = make("Task", { id: "t1", spec: spec("web"), serviceId: "s1", slot: 7 });
    returned(task);
    assert.deepEqual(returned(task), task);
  });

  it("are told apart however long they are", () => {
    const long = (end: string): TaskSpec => spec(`${"x".repeat(40_000)}${end}`);
    const one = returned(make("Task", { id: "t1", spec: long("1") }));
    const two = returned(make("Task", { id: "t2", spec: long("2") }));
    assert.deepEqual([one.spec, two.spec], [long("1"), long("2")]);
  });

  it("are merged where a field comes twice", () => {
    const name = codec("Task").encode(
      make("Task", { annotations: make("Annotations", { name: "n" }) }),
    );
    const labels = codec("Task").encode(
      make("Task", { annotations: make("Annotations", { labels: { a: "b" } }) }),
    );
    const both = codec("Task").decode(Buffer.concat([name, labels]));
    assert.deepEqual(both.annotations, make("Annotations", { name: "n", labels: { a: "b" } }));
    // What had been decoded before is as it was.
    assert.deepEqual(codec("Task").decode(name).annotations?.labels, {});
  });

  it("are refused when they go on behind their message's end", () => {
    const bytes = codec("Task").encode(make("Task", { spec: spec("web") }));
    assert.throws(() => codec("Task").decode(bytes.subarray(0, -1)));
  });
});
