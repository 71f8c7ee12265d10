import assert from "node:assert/strict";
import { make } from "../../proto/codec.ts";
import { compileDifference, compileWith } from "../../proto/compiled.ts";

describe("compiled functions", () => {
  const before = make("Task", { id: "t1", slot: 1, nodeId: "", serviceId: "web" });

  it("find the fields that differ, with the id and without meta", () => {
    const meta = make("Meta", { version: { index: 7 } });
    const after = { ...before, slot: 2, nodeId: "n1", meta };
    const { part, fields } = compileDifference("Task")(after, before);
    assert.deepEqual({ ...part }, { id: "t1", slot: 2, nodeId: "n1" });
    assert.deepEqual(fields, [1, 6, 7]);
  });

  it("put another value in the place of a field, in a copy", () => {
    const meta = make("Meta", { version: { index: 7 } });
    assert.deepEqual(compileWith("Task", "meta")(before, meta), { ...before, meta });
    assert.equal(before.meta, null);
  });
});
