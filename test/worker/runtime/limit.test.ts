import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { cancelled } from "../../../lib/abort.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { Limit } from "../../../worker/runtime/limit.ts";

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
});
