import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { cancelled } from "../../../lib/abort.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { SimClock } from "../../fakes/sim-clock.ts";
import { Limit } from "../../../worker/runtime/limit.ts";

const PLACE_MS = 100;
const { signal } = new AbortController();

/** Work that runs until it is let go. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe("limit", () => {
  it("runs so many at a time, and the others in order", async () => {
    const limit = new Limit(2);
    const gates = Array.from({ length: 5 }, gate);
    const order: number[] = [];
    const all = gates.map(({ passed }, i) =>
      limit.run(() => {
        order.push(i);
        return passed;
      }, signal),
    );
    await setImmediate();
    assert.deepEqual(order, [0, 1]);
    gates[1]?.open();
    await setImmediate();
    assert.deepEqual(order, [0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(all);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  it("gives the place on when work fails, and lets those go who do not wait any more", async () => {
    const limit = new Limit(1);
    const first = gate();
    const running = limit.run(() => first.passed.then(() => assert.fail("broken")), signal);
    const leave = new AbortController();
    const left = limit.run(() => Promise.resolve("never"), leave.signal);
    const last = limit.run(() => Promise.resolve("last"), signal);
    leave.abort(cancelled("enough"));
    await assert.rejects(left, (error) => isSwarmError(error, "cancelled"));
    first.open();
    await assert.rejects(running, /broken/);
    assert.equal(await last, "last");
    assert.equal(await limit.run(() => Promise.resolve("next"), signal), "next");
  });

  it("gives the place on after a while to work that has not ended, and tells how it does", async () => {
    const clock = new SimClock();
    const limit = new Limit(1);
    const [slow, quick] = [gate(), gate()];
    const begun: string[] = [];
    const hold = (name: string, { passed }: { readonly passed: Promise<void> }): Promise<string> =>
      limit.runHolding(
        async () => {
          begun.push(name);
          await passed;
          return name;
        },
        PLACE_MS,
        clock,
        signal,
      );
    const all = [hold("slow", slow), hold("quick", quick), hold("last", gate())];
    await clock.advance(PLACE_MS - 1);
    assert.deepEqual(begun, ["slow"]);
    await clock.advance(1);
    assert.deepEqual(begun, ["slow", "quick"]);
    quick.open();
    assert.equal(await all[1], "quick");
    await setImmediate();
    assert.deepEqual(begun, ["slow", "quick", "last"], "work that ends gives its place on at once");
    slow.open();
    assert.equal(await all[0], "slow");
    const fails = (): Promise<never> => Promise.reject(new Error("no"));
    const refused = assert.rejects(limit.runHolding(fails, PLACE_MS, clock, signal), /no/);
    await clock.advance(PLACE_MS);
    await refused;
  });
});
