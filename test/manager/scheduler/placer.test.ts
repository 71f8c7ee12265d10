import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import { Placer } from "../../../manager/scheduler/placer.ts";
import { PlacementStrategy, type Task } from "../../../proto/generated.ts";
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
