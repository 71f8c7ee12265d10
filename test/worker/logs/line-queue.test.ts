import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { cancelled } from "../../../lib/abort.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import { LineQueue } from "../../../worker/logs/line-queue.ts";

const { signal } = new AbortController();
const line = (bytes: number) => make("LogMessage", { data: new Uint8Array(bytes) });

describe("line queue", () => {
  it("gives lines in order, in batches, and then nothing", async () => {
    const queue = new LineQueue();
    const lines = Array.from({ length: 600 }, (_, i) => line(i));
    for (const each of lines) await queue.put(each, signal);
    queue.end();
    const taken = [];
    for (let batch = await queue.take(signal); batch; batch = await queue.take(signal))
      taken.push(batch.lines);
    assert.deepEqual(
      taken.map(({ length }) => length),
      [512, 88],
    );
    assert.deepEqual(taken.flat(), lines);
  });

  it("makes those wait who add more than fits, until somebody takes", async () => {
    const queue = new LineQueue();
    await queue.put(line((1 << 20) - 100), signal);
    let added = false;
    const put = queue.put(line(1), signal)?.then(() => {
      added = true;
    });
    await setImmediate();
    assert.equal(added, false);
    await queue.take(signal);
    await put;
  });

  it("makes those wait who add many lines without content", async () => {
    const queue = new LineQueue();
    let added = 0;
    const adding = (async () => {
      for (; added < 100_000; added++) await queue.put(line(0), signal);
    })();
    await setImmediate();
    await setImmediate();
    assert.ok(added < 20_000, `${added} lines wait`);
    while (added < 100_000) await queue.take(signal);
    await adding;
  });

  it("tells warnings at once, with or without lines", async () => {
    const queue = new LineQueue();
    const taken = queue.take(signal);
    queue.warn("one is missing");
    assert.deepEqual(await taken, { lines: [], warning: "one is missing" });
    queue.warn("two");
    queue.warn("three");
    queue.end();
    assert.equal((await queue.take(signal))?.warning, "two\nthree");
    assert.equal(await queue.take(signal), null);
  });

  it("lets both sides go when they are not wanted any more", async () => {
    const queue = new LineQueue();
    const leave = new AbortController();
    const taken = queue.take(leave.signal);
    leave.abort(cancelled("gone"));
    await assert.rejects(taken, (error) => isSwarmError(error, "cancelled"));
    const full = new AbortController();
    const put = queue.put(line(2 << 20), full.signal);
    full.abort(cancelled("gone"));
    await assert.rejects(put ?? Promise.resolve(), (error) => isSwarmError(error, "cancelled"));
  });
});
