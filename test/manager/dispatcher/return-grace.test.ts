import assert from "node:assert/strict";
import { ReturnGrace } from "../../../manager/dispatcher/return-grace.ts";

const times = { brokenStreamGraceMs: 3_000, brokenStreamGraceMaxMs: 15_000 };

/** The grace of a node that was away once for so long. */
function graceAfter(awayMs: number): number {
  const grace = new ReturnGrace(times);
  grace.left("n1", 0);
  grace.returned("n1", awayMs);
  return grace.left("n1", 100_000);
}

describe("the grace of a node whose connection broke", () => {
  it("is the same for all that come back soon", () => {
    const grace = new ReturnGrace(times);
    assert.equal(grace.left("n1", 0), 3_000);
    assert.equal(graceAfter(50), 3_000);
    assert.equal(graceAfter(1_500), 3_000);
  });

  it("is twice what the node took the last time, within bounds", () => {
    assert.equal(graceAfter(4_000), 8_000);
    assert.equal(graceAfter(14_000), 15_000);
  });

  it("is not stretched by a node that was away for long", () => {
    assert.equal(graceAfter(15_001), 3_000);
  });

  it("shrinks again once the node is quick", () => {
    const grace = new ReturnGrace(times);
    grace.left("n1", 0);
    grace.returned("n1", 5_000);
    assert.equal(grace.left("n1", 20_000), 10_000);
    grace.returned("n1", 20_200);
    assert.equal(grace.left("n1", 30_000), 3_000);
  });

  it("is each node's own, and forgotten with it", () => {
    const grace = new ReturnGrace(times);
    grace.left("n1", 0);
    grace.returned("n1", 5_000);
    // A registration without a break before, as with a new leader, says nothing.
    grace.returned("n2", 5_000);
    assert.equal(grace.left("n2", 10_000), 3_000);
    grace.forget("n1");
    assert.equal(grace.left("n1", 10_000), 3_000);
  });
});
