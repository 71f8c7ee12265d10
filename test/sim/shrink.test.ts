import assert from "node:assert/strict";
import fc from "fast-check";
import { shrinkList, shrinkNumber } from "./shrink.ts";

describe("shrinking", () => {
  it("keeps exactly the items that a failure needs", async () => {
    const lists = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(lists, fc.nat(), fc.nat(), async (values, a, b) => {
        const items = values.map((value, at) => ({ value, at }));
        const needed = [a, b].map((n) => items[n % items.length]!);
        const fails = (candidate: readonly object[]): Promise<boolean> =>
          Promise.resolve(needed.every((item) => candidate.includes(item)));
        const kept = await shrinkList(items, fails, { left: 10_000 });
        assert.deepEqual(new Set(kept), new Set(needed));
      }),
    );
  });

  it("asks no more often than it may", async () => {
    let asked = 0;
    const fails = (candidate: readonly number[]): Promise<boolean> => {
      asked++;
      return Promise.resolve(candidate.includes(7));
    };
    const items = Array.from({ length: 100 }, (_, i) => i);
    const kept = await shrinkList(items, fails, { left: 5 });
    assert.equal(asked, 5);
    assert.ok(kept.includes(7));
  });

  it("finds the smallest number that still fails", async () => {
    const fails = (n: number): Promise<boolean> => Promise.resolve(n >= 13);
    assert.equal(await shrinkNumber(1000, 1, fails, { left: 100 }), 13);
  });
});
