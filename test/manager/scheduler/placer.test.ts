import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import { Placer } from "../../../manager/scheduler/placer.ts";
import type { Placement } from "../../../manager/scheduler/group-pass.ts";
import { PlacementStrategy, TaskState, type Task } from "../../../proto/generated.ts";
import { sizedNode, sizedService, tasksOf } from "./cases.ts";

describe("the placer", () => {
  let placer: Placer;
  let nowMs: number;

  const decide = () => {
    const random = new SeededRandom("placer");
    const options = { defaultStrategy: PlacementStrategy.SPREAD, nowMs, random };
    return [...placer.decide(options)].filter((decision) => decision !== null);
  };

  /** A task that knows why it waits, and of which a newer reason is known already. */
  function outdated(): Task {
    const [task] = tasksOf(sizedService("web", { cpus: 8 }), 1) as [Task];
    placer.nodes.putNode(sizedNode("n1", 2, 8), []);
    placer.note(task);
    const [told] = decide();
    assert(told && "err" in told && task.status);
    const waiting = { ...task, status: { ...task.status, err: told.err } };
    placer.note(waiting);
    nowMs += 10;
    placer.nodes.putNode(sizedNode("n2", 2, 8), []);
    placer.note({ ...waiting, id: "another" });
    decide();
    return waiting;
  }

  beforeEach(() => {
    placer = new Placer();
    nowMs = 0;
  });

  it("tells waiting tasks a newer reason after a while", () => {
    outdated();
    assert.equal(placer.explainAtMs, 1_000);
    nowMs = 1_000;
    assert.equal(decide().length, 2);
    assert.equal(placer.explainAtMs, undefined);
  });

  it("wants nothing more when the tasks that waited are gone", () => {
    const waiting = outdated();
    placer.remove(waiting);
    placer.remove({ ...waiting, id: "another" });
    decide();
    assert.equal(placer.explainAtMs, undefined);
  });
});

describe("a placement on its way to the store", () => {
  const node = sizedNode("n1", 4, 8);
  const [task] = tasksOf(sizedService("web", { cpus: 1 }), 1) as [Task];
  const NOTHING = new Map<string, Task>();
  let placer: Placer;
  let placement: Placement;
  let written: Task;

  const load = () => {
    const info = placer.nodes.get("n1");
    return info && [info.freeCpu, info.total, [...info.tasks]];
  };

  beforeEach(() => {
    placer = new Placer();
    placer.nodes.putNode(node, []);
    placer.note(task);
    const random = new SeededRandom("placer");
    const options = { defaultStrategy: PlacementStrategy.SPREAD, nowMs: 0, random };
    const [decision] = [...placer.decide(options)].filter((each) => each !== null);
    assert(decision && "nodeId" in decision && task.status);
    placement = decision;
    const status = { ...task.status, state: TaskState.ASSIGNED };
    written = { ...task, nodeId: "n1", status };
    assert.deepEqual(load(), [3e9, 1, [task]]);
  });

  it("counts once, before and after it is written", () => {
    placer.change(written, task);
    placer.settle(placement, (id) => NOTHING.get(id));
    assert.deepEqual(load(), [3e9, 1, [written]]);
    placer.remove(written);
    assert.deepEqual(load(), [4e9, 0, []]);
  });

  it("is given back when the task is gone", () => {
    placer.settle(placement, (id) => NOTHING.get(id));
    assert.deepEqual(load(), [4e9, 0, []]);
  });

  it("counts on a node that left and came back meanwhile", () => {
    placer.nodes.removeNode("n1");
    placer.nodes.putNode(node, []);
    placer.change(written, task);
    assert.deepEqual(load(), [3e9, 1, [written]]);
  });

  it("weighs what the task weighs when it is written", () => {
    placer.change({ ...written, desiredState: TaskState.SHUTDOWN }, task);
    assert.deepEqual(load()?.slice(0, 2), [3e9, 0]);
  });
});
