import assert from "node:assert/strict";
import { retryWaitMs } from "../../../manager/volumes/retry-wait.ts";

describe("the wait before a driver is called again", () => {
  it("doubles with each failure, to ten minutes or, for a driver that is away, ten seconds", () => {
    const waits = (isAway: boolean) => [1, 2, 3, 8, 20].map((times) => retryWaitMs(times, isAway));
    assert.deepEqual(waits(false), [100, 200, 400, 12_800, 600_000]);
    assert.deepEqual(waits(true), [100, 200, 400, 10_000, 10_000]);
  });
});
