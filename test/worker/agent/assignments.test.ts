import assert from "node:assert/strict";
import fc from "fast-check";
import { isSwarmError } from "../../../lib/errors.ts";
import { AssignmentDigest } from "../../../proto/assignment-digest.ts";
import { make } from "../../../proto/codec.ts";
import {
  AssignmentChangeAction as Action,
  AssignmentsMessageType as Type,
  type Assignment,
  type AssignmentsMessage,
} from "../../../proto/generated.ts";
import { Assignments } from "../../../worker/agent/assignments.ts";
import { taskOf } from "../runtime/tasks.ts";

type Change = readonly [id: string, version: number | null];

const task = (id: string, index: number): Assignment => ({
  item: "task",
  task: taskOf(id, { meta: make("Meta", { version: { index } }) }),
});

/** A leader that knows what it sent. */
class Leader {
  readonly versions = new Map<string, number>();
  #sequence = 0;

  message(type: Type, changes: readonly Change[]): AssignmentsMessage {
    const digest = new AssignmentDigest();
    for (const [id, version] of changes) {
      if (version === null) this.versions.delete(id);
      else this.versions.set(id, version);
    }
    for (const [id, version] of this.versions) digest.add(id, version);
    const appliesTo = this.#sequence++;
    return {
      type,
      appliesTo,
      resultsIn: this.#sequence,
      hash: digest.toString(),
      changes: changes.map(([id, version]) => ({
        action: version === null ? Action.REMOVE : Action.UPDATE,
        assignment: task(id, version ?? 0),
      })),
    };
  }
}

const change = fc.tuple(
  fc.constantFrom("a", "b", "c", "d"),
  fc.option(fc.integer({ min: 1, max: 9 })),
);

describe("assignments", () => {
  it("follow any sequence of changes that loses nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.array(change)), (batches) => {
        const leader = new Leader();
        const assignments = new Assignments();
        assignments.apply(leader.message(Type.COMPLETE, [["z", 1]]));
        const held = new Set(["z"]);
        for (const batch of batches) {
          const changes = assignments.apply(leader.message(Type.INCREMENTAL, batch));
          assert.equal(changes.complete, false);
          for (const [id, version] of batch) {
            if (version === null) held.delete(id);
            else held.add(id);
          }
        }
        assert.deepEqual(held, new Set(leader.versions.keys()));
      }),
    );
  });

  it("notice a lost message by its place", () => {
    const leader = new Leader();
    const assignments = new Assignments();
    assignments.apply(leader.message(Type.COMPLETE, []));
    leader.message(Type.INCREMENTAL, [["a", 1]]);
    const next = leader.message(Type.INCREMENTAL, [["b", 1]]);
    assert.throws(
      () => assignments.apply(next),
      (error) => isSwarmError(error, "lagged"),
    );
  });

  it("notice a lost change by the hash, and are whole again after the complete set", () => {
    const leader = new Leader();
    const assignments = new Assignments();
    assignments.apply(leader.message(Type.COMPLETE, []));
    const damaged = leader.message(Type.INCREMENTAL, [
      ["a", 1],
      ["b", 1],
    ]);
    assert.throws(
      () => assignments.apply({ ...damaged, changes: damaged.changes.slice(1) }),
      (error) => isSwarmError(error, "lagged"),
    );
    const all = [...leader.versions];
    const { complete, updated } = assignments.apply(new Leader().message(Type.COMPLETE, all));
    assert.equal(complete, true);
    assert.deepEqual(
      updated.map(({ id }) => id),
      ["a", "b"],
    );
  });

  it("keep secrets and configs until they are taken away", () => {
    const assignments = new Assignments();
    const of = (type: Type, action: Action, ...items: Assignment[]) =>
      make("AssignmentsMessage", {
        type,
        resultsIn: 1,
        appliesTo: 1,
        changes: items.map((assignment) => ({ action, assignment })),
      });
    const secret: Assignment = { item: "secret", secret: make("Secret", { id: "s1" }) };
    const config: Assignment = { item: "config", config: make("Config", { id: "c1" }) };
    assignments.apply(of(Type.COMPLETE, Action.UPDATE, secret, config));
    assert.equal(assignments.secret("s1")?.id, "s1");
    assert.equal(assignments.config("c1")?.id, "c1");
    assignments.apply(of(Type.INCREMENTAL, Action.REMOVE, secret));
    assert.equal(assignments.secret("s1"), undefined);
    assignments.apply(of(Type.COMPLETE, Action.UPDATE));
    assert.equal(assignments.config("c1"), undefined);
  });
});
