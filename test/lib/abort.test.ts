import assert from "node:assert/strict";
import { abortable, cancelled } from "../../lib/abort.ts";

describe("a promise that may be given up", () => {
  const reason = cancelled("given up");

  /** A rejection that nobody handles is known one turn of the event loop later. */
  async function unhandledBy(action: () => Promise<void>): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (error) => found.push(error));
    try {
      await action();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const other of others) process.on("unhandledRejection", other);
    }
    return found;
  }

  it("settles as it does by itself", async () => {
    const { signal } = new AbortController();
    assert.equal(await abortable(Promise.resolve(7), signal), 7);
    await assert.rejects(abortable(Promise.reject(new Error("broken")), signal), /broken/);
  });

  it("is nobody's concern once it was given up, whether before or on the way", async () => {
    for (const isBefore of [true, false]) {
      const abort = new AbortController();
      let fail: (error: Error) => void = () => {};
      const promise = new Promise<never>((_, reject) => {
        fail = reject;
      });
      const unhandled = await unhandledBy(async () => {
        if (isBefore) abort.abort(reason);
        const given = assert.rejects(abortable(promise, abort.signal), reason);
        abort.abort(reason);
        await given;
        fail(new Error("too late"));
      });
      assert.deepEqual(unhandled, [], isBefore ? "before" : "on the way");
    }
  });
});
