import assert from "node:assert/strict";
import fc from "fast-check";
import { AssignmentDigest } from "../../proto/assignment-digest.ts";

type Entry = readonly [id: string, version: number];

function digest(entries: readonly Entry[]): string {
  const sum = new AssignmentDigest();
  for (const [id, version] of entries) sum.add(id, version);
  return sum.toString();
}

describe("assignment digest", () => {
  const entry = fc.tuple(fc.string(), fc.nat());

  it("does not depend on order", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        assert.equal(digest(entries), digest(entries.toReversed()));
      }),
    );
  });

  it("is undone by removal", () => {
    fc.assert(
      fc.property(fc.array(entry), entry, (entries, [id, version]) => {
        const sum = new AssignmentDigest();
        sum.add(id, version);
        for (const [other, at] of entries) sum.add(other, at);
        sum.remove(id, version);
        assert.equal(sum.toString(), digest(entries));
      }),
    );
  });

  it("changes with a version, a missing task and a doubled task", () => {
    const base: Entry[] = [
      ["t1", 5],
      ["t2", 6],
    ];
    const others: Entry[][] = [[["t1", 5]], [["t1", 6], base[1]!], [...base, base[0]!], []];
    for (const other of others) assert.notEqual(digest(other), digest(base));
    assert.equal(digest([]), "0".repeat(16));
  });
});
