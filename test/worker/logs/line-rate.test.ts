import assert from "node:assert/strict";
import fc from "fast-check";
import { LineRate, TASK_BYTES_PER_SECOND_MAX } from "../../../worker/logs/line-rate.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

/** Ten megabytes a second are promised. */
const PROMISED = 10e6;

describe("the rate of a task's log", () => {
  it("lets a task through that writes ten megabytes a second in bursts", async () => {
    const clock = new SimClock();
    const rate = new LineRate(clock);
    for (let second = 0; second < 5; second++) {
      for (let line = 0; line < PROMISED / 100; line++) assert.equal(rate.pass(100), 0);
      await clock.advance(1_000);
    }
  });

  it("never passes more than its rate and a second's worth before", async () => {
    const step = fc.record({ pauseMs: fc.nat(3_000), bytes: fc.nat(40_000_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = new SimClock();
        const rate = new LineRate(clock);
        const passed: { readonly at: number; readonly bytes: number }[] = [];
        for (const { pauseMs, bytes } of steps) {
          await clock.advance(pauseMs);
          passed.push({ at: clock.monotonic(), bytes });
          await clock.advance(Math.ceil(rate.pass(bytes)));
        }
        // Whatever is looked at, from any line to before any later one.
        for (const [i, first] of passed.entries()) {
          let bytes = 0;
          for (const { at, bytes: more } of passed.slice(i)) {
            const seconds = (at - first.at) / 1000;
            assert.ok(bytes <= TASK_BYTES_PER_SECOND_MAX * (seconds + 1) + 1, `${bytes} bytes`);
            bytes += more;
          }
        }
      }),
    );
  });
});
