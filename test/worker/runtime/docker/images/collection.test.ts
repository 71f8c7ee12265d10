import assert from "node:assert/strict";
import { candidates } from "../../../../../worker/runtime/docker/images/collection.ts";

const MINUTE_MS = 60_000;

describe("images that may be removed", () => {
  const image = (id: string, usedAtMs: number) => ({ id, references: [`${id}:1`], usedAtMs });
  const at = (nowMs: number, unusedMs: number, needed: readonly string[] = []) =>
    candidates(
      [image("young", 5 * MINUTE_MS), image("old", 0)],
      new Set(needed),
      { unusedMs, diskPercent: 85 },
      nowMs,
    ).map(({ image: { id }, isExpired }) => `${id} ${isExpired ? "must" : "may"}`);

  it("are those of more than ten minutes ago, the one unused longest first", () => {
    assert.deepEqual(at(9 * MINUTE_MS, 60 * MINUTE_MS), []);
    assert.deepEqual(at(10 * MINUTE_MS, 60 * MINUTE_MS), ["old may"]);
    assert.deepEqual(at(60 * MINUTE_MS, 60 * MINUTE_MS), ["old must", "young may"]);
  });

  it("are none of the last ten minutes, however short images are to be kept", () => {
    assert.deepEqual(at(9 * MINUTE_MS, MINUTE_MS), []);
    assert.deepEqual(at(12 * MINUTE_MS, MINUTE_MS), ["old must"]);
  });

  it("are none that have a container", () => {
    assert.deepEqual(at(60 * MINUTE_MS, MINUTE_MS, ["old"]), ["young must"]);
  });
});
