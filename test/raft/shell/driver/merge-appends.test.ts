import assert from "node:assert/strict";
import fc from "fast-check";
import { APPEND_THREAD, newMessage, type Message } from "../../../../raft/core/message.ts";
import type { Entry, SnapshotMeta } from "../../../../raft/core/types.ts";
import { mergeAppends } from "../../../../raft/shell/driver/append-worker.ts";
import { NO_MEMBERSHIP } from "../../../../raft/shell/membership.ts";

function append(fields: Partial<Message>): Message {
  return { ...newMessage("MsgStorageAppend", 1, APPEND_THREAD, 0), ...fields };
}

function entries(first: number, count: number, term: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    index: first + i,
    term,
    type: "normal",
    data: new Uint8Array(),
  }));
}

/** What a log holds after the writes, one by one. */
function written(log: readonly Entry[], writes: readonly (readonly Entry[])[]): readonly Entry[] {
  let held = log;
  for (const write of writes) {
    const first = write[0];
    if (first) held = [...held.filter(({ index }) => index < first.index), ...write];
  }
  return held;
}

describe("mergeAppends", () => {
  it("writes at once what the messages would have written one by one", () => {
    const step = fc.record({ back: fc.nat(5), count: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const log = entries(1, 6, 1);
        let held: readonly Entry[] = log;
        const writes = steps.map(({ back, count }, i) => {
          const first = Math.max(1, (held.at(-1)?.index ?? 0) + 1 - back);
          const write = entries(first, count, i + 2);
          held = written(held, [write]);
          return write;
        });
        const merged = mergeAppends(writes.map((write) => append({ entries: write })));
        assert.equal(merged.count, writes.length);
        assert.deepEqual(written(log, [merged.entries]), held);
      }),
    );
  });

  it("keeps the newest hard state and all responses in order", () => {
    const responses = [1, 2, 3].map((index) => ({ ...newMessage("MsgAppResp", 1, 2, 5), index }));
    const merged = mergeAppends([
      append({ term: 4, vote: 1, commit: 2, responses: responses.slice(0, 1) }),
      append({ term: 5, vote: 0, commit: 3, responses: responses.slice(1) }),
      append({}),
    ]);
    assert.deepEqual(merged.hardState, { term: 5, vote: 0, commit: 3 });
    assert.deepEqual(merged.responses, responses);
  });

  it("gives a snapshot a write of its own", () => {
    const snapshot: SnapshotMeta = { index: 9, term: 2, confState: NO_MEMBERSHIP.confState };
    const queue = [append({ entries: entries(1, 2, 1) }), append({ snapshot }), append({})];
    const first = mergeAppends(queue);
    assert.deepEqual([first.count, first.snapshot], [1, null]);
    const second = mergeAppends(queue.slice(1));
    assert.deepEqual([second.count, second.snapshot], [1, snapshot]);
  });
});
