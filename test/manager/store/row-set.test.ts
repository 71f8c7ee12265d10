import assert from "node:assert/strict";
import fc from "fast-check";
import { RowSet, type Row } from "../../../manager/store/row-set.ts";

describe("a set of rows", () => {
  const rows: readonly Row<number>[] = Array.from({ length: 600 }, (_, object) => ({ object }));
  const at = (index: number): Row<number> => rows[index] as Row<number>;

  it("holds what a Set holds, in its order, however many that are", () => {
    const index = fc.integer({ min: 0, max: rows.length - 1 });
    const step = fc.record({ from: index, count: index, isRemoved: fc.boolean() });
    const property = fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const set = new RowSet<number>();
      const model = new Set<number>();
      for (const { from, count, isRemoved } of steps) {
        for (let i = from; i < Math.min(from + count, rows.length); i++) {
          if (isRemoved) set.delete(at(i));
          else set.add(at(i));
          if (isRemoved) model.delete(i);
          else model.add(i);
        }
        assert.equal(set.size, model.size);
        assert.deepEqual([...set], [...model]);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("goes on over those that are left when one is taken out meanwhile", () => {
    const set = new RowSet<number>();
    for (let i = 0; i < 5; i++) set.add(at(i));
    const seen: number[] = [];
    for (const value of set) {
      seen.push(value);
      set.delete(at(value));
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
    assert.equal(set.size, 0);
  });
});
