import assert from "node:assert/strict";
import { APPEND_THREAD, newMessage } from "../../../../raft/core/message.ts";
import type { Message } from "../../../../raft/core/message.ts";
import { AppendWorker } from "../../../../raft/shell/driver/append-worker.ts";
import type { AppendHooks } from "../../../../raft/shell/driver/append-worker.ts";
import { deferToNextTurn } from "../../../../raft/shell/raft-options.ts";
import { MemoryDisk, MemoryLogStore } from "../../../../raft/shell/log/memory-log-store.ts";

const CONF = { voters: [1], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** A job that commits up to `commit`, or installs a snapshot there. */
function job(commit: number, snapshot: boolean): Message {
  const message = newMessage("MsgStorageAppend", 1, APPEND_THREAD, 1);
  message.commit = commit;
  if (snapshot) message.snapshot = { index: commit, term: 1, confState: CONF };
  message.responses = [{ ...newMessage("MsgStorageAppendResp", APPEND_THREAD, 1, 1), commit }];
  return message;
}

describe("the append worker", () => {
  it("installs a snapshot that waits for those who wait for a commit index", async () => {
    const store = await MemoryLogStore.open(new MemoryDisk());
    const delivered: number[] = [];
    const installed: number[] = [];
    let done: () => void;
    const finished = new Promise<void>((resolve) => (done = resolve));
    const earlier: Promise<void>[] = [];
    const hooks: AppendHooks = {
      deliver: (messages) => {
        for (const { commit } of messages) delivered.push(commit);
        if (delivered.length === 2) done();
      },
      describe: ({ index, term }) => ({ index, term, data: new Uint8Array(0) }),
      // Like the driver: what was handed out before, and waits for its commit index, comes first.
      install: async ({ index }) => {
        await Promise.all([...earlier, worker.flush()]);
        installed.push(index);
      },
      fail: (error) => assert.fail(String(error)),
    };
    const worker = new AppendWorker(
      { store, clock: { monotonic: () => 0 }, defer: deferToNextTurn },
      hooks,
    );
    worker.push(job(1, false), false);
    worker.push(job(5, true), false);
    earlier.push(worker.flush());
    await finished;
    assert.deepEqual([installed, delivered], [[5], [1, 5]]);
    assert.equal(store.hardState.commit, 5);
    // Afterwards waiting means waiting again.
    worker.push(job(6, false), false);
    await worker.flush();
    assert.equal(store.hardState.commit, 6);
  });
});
