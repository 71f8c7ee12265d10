import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { closedLoop } from "../../bench/load.ts";
import { median, percentile, resultOf, toTable } from "../../bench/report.ts";

describe("a benchmark's report", () => {
  it("takes the middle of the rounds", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([]), null);
    assert.equal(percentile([1, 2, 3, 4], 99), 4);
  });

  it("is above one where we are ahead, whichever way is better", () => {
    const shape = { case: "c", unit: "x" };
    const more = resultOf({ ...shape, better: "higher", ours: [20], peer: [10] });
    const less = resultOf({ ...shape, better: "lower", ours: [10], peer: [20] });
    assert.equal(more.ratio, 2);
    assert.equal(less.ratio, 2);
  });

  it("compares each round with the peer's of the same time", () => {
    const rounds = { ours: [100, 10, 60], peer: [50, 5, 30] };
    const result = resultOf({ case: "c", unit: "x", better: "higher", ...rounds });
    assert.deepEqual([result.ours, result.peer, result.ratio], [60, 30, 2]);
  });

  it("has null, and never a guess, where a peer is not installed", () => {
    const result = resultOf({ case: "c", unit: "x", better: "lower", ours: [1.23456] });
    assert.deepEqual(result, {
      case: "c",
      unit: "x",
      better: "lower",
      ours: 1.235,
      peer: null,
      ratio: null,
    });
    assert.match(toTable([result]), /^c\s+1\.235\s+-\s+-\s+x\s+lower$/m);
  });
});

describe("a closed loop", () => {
  it("keeps as many operations under way as it was told", async () => {
    let running = 0;
    let most = 0;
    const load = await closedLoop({ inFlight: 3, ms: 30 }, systemClock, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    assert.equal(most, 3);
    assert.ok(load.rate > 0 && load.p50 <= load.p99);
  });
});
