import assert from "node:assert/strict";
import type { RaftStatus } from "../../../../raft/index.ts";
import { PendingCalls } from "../../../../raft/shell/host/pending-calls.ts";
import { StatusBoard } from "../../../../raft/shell/host/status-board.ts";

describe("PendingCalls", () => {
  it("matches answers to questions, in whatever order they come", async () => {
    const calls = new PendingCalls<string>();
    const asked: number[] = [];
    const answers = ["a", "b"].map(() => calls.start((id) => asked.push(id)));
    calls.resolve(asked[1] ?? 0, "second");
    calls.resolve(asked[0] ?? 0, "first");
    assert.deepEqual(await Promise.all(answers), ["first", "second"]);
    calls.resolve(99, "nobody asked");
  });

  it("gives up waiting when told to, and ignores the late answer", async () => {
    const calls = new PendingCalls<string>();
    const controller = new AbortController();
    let id = 0;
    const answer = calls.start((asked) => (id = asked), controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(answer, /enough/);
    calls.resolve(id, "late");
    await assert.rejects(
      calls.start(() => assert.fail("it asks"), controller.signal),
      /enough/,
    );
  });

  it("rejects all at the end, and what cannot be sent", async () => {
    const calls = new PendingCalls<string>();
    const answers = [1, 2].map(() => calls.start(() => {}));
    const outcomes = Promise.allSettled(answers);
    calls.abort(new Error("over"));
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ["rejected", "rejected"],
    );
    const unsent = calls.start(() => {
      throw new Error("closed");
    });
    await assert.rejects(unsent, /closed/);
  });
});

describe("StatusBoard", () => {
  const status = (term: number): RaftStatus => ({ ...new StatusBoard(1).current(0), term });

  it("shows watchers the present at once and then changes, of which it may skip some", async () => {
    const board = new StatusBoard(1);
    const controller = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const _ of board.changes(controller.signal)) seen.push(board.current(0).term);
    })();
    await new Promise((resolve) => setImmediate(resolve));
    board.set(status(1));
    board.set(status(2));
    await new Promise((resolve) => setImmediate(resolve));
    board.set(status(3));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(seen, [0, 2, 3]);
    controller.abort(new Error("done"));
    await assert.rejects(watching, /done/);
  });

  it("leads nothing once it has ended, and says why", async () => {
    const board = new StatusBoard(1);
    board.set({ ...status(4), role: "leader", leading: 4, leaderId: 1 });
    board.end(new Error("disk"));
    assert.equal(board.current(9).leading, 0);
    assert.equal(board.current(9).applied, 9);
    const watching = (async () => {
      for await (const _ of board.changes(new AbortController().signal));
    })();
    await assert.rejects(watching, /disk/);
  });
});
