import assert from "node:assert/strict";
import { SerialQueue } from "../../lib/serial-queue.ts";

describe("a serial queue", () => {
  it("begins a task when the one before has ended, failed or not", async () => {
    const queue = new SerialQueue({ what: "tasks", max: 3 });
    const seen: string[] = [];
    const task = (name: string, error?: Error) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (error) throw error;
      return name;
    };
    const failure = new Error("no luck");
    const [a, b, c] = await Promise.allSettled([
      queue.run(task("a")),
      queue.run(task("b", failure)),
      queue.run(task("c")),
    ]);
    assert.deepEqual(a, { status: "fulfilled", value: "a" });
    assert.deepEqual(b, { status: "rejected", reason: failure });
    assert.deepEqual(c, { status: "fulfilled", value: "c" });
    const order = ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"];
    assert.deepEqual(seen, order);
    assert.equal(queue.size, 0);
  });

  it("refuses what is beyond its bound, and takes more when there is room", async () => {
    const queue = new SerialQueue({ what: "tasks", max: 1 });
    let release = (): void => {};
    const first = queue.run(() => new Promise<void>((resolve) => (release = resolve)));
    await assert.rejects(
      queue.run(async () => {}),
      { code: "exhausted", message: "too many tasks are waiting" },
    );
    await Promise.resolve();
    release();
    await first;
    await queue.run(async () => {});
  });

  it("is settled when what was there has ended, failed or not", async () => {
    const queue = new SerialQueue({ what: "tasks", max: 2 });
    const seen: string[] = [];
    const task = (name: string) => async () => {
      await Promise.resolve();
      seen.push(name);
      if (name === "fails") throw new Error(name);
    };
    const first = assert.rejects(queue.run(task("fails")));
    const second = queue.run(task("works"));
    await queue.settled();
    assert.deepEqual(seen, ["fails", "works"]);
    await Promise.all([first, second]);
    await queue.settled();
  });
});
