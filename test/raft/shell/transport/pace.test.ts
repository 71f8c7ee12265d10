import assert from "node:assert/strict";
import { Pace } from "../../../../raft/shell/transport/pace.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

describe("Pace", () => {
  it("lets so many bytes a second pass, whoever spends them, and saves nothing up", async () => {
    const clock = new SimClock();
    const { signal } = new AbortController();
    const pace = new Pace(1000, clock);
    await clock.advance(60_000);
    const began = clock.monotonic();
    const done: number[] = [];
    const spender = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await pace.spend(100, signal);
        done.push(clock.monotonic() - began);
      }
    };
    const both = Promise.all([spender(), spender()]);
    for (let i = 0; i < 1100; i++) await clock.advance(1);
    await both;
    assert.deepEqual(done, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });
});
