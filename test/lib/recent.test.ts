import assert from "node:assert/strict";
import { Recent } from "../../lib/recent.ts";

describe("recent", () => {
  it("keeps as many entries as it may, and forgets the oldest first", () => {
    const recent = new Recent<string, number>(2);
    for (const [index, key] of ["a", "b", "a", "c"].entries()) recent.set(key, index);
    assert.deepEqual(
      ["a", "b", "c"].map((key) => recent.get(key)),
      [undefined, 1, 3],
    );
  });
});
