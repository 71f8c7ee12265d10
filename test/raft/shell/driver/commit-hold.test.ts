import assert from "node:assert/strict";
import { newMessage, type Message } from "../../../../raft/core/message.ts";
import { CommitHold } from "../../../../raft/shell/driver/commit-hold.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

const ENTRY = { index: 8, term: 1, type: "normal", data: new Uint8Array() } as const;

function append(commit: number, entries: Message["entries"] = []): Message {
  return { ...newMessage("MsgApp", 1, 2, 1), commit, entries };
}

describe("CommitHold", () => {
  let clock: SimClock;
  let sent: { readonly to: number; readonly commits: readonly number[] }[];
  let hold: CommitHold;

  beforeEach(() => {
    clock = new SimClock();
    sent = [];
    hold = new CommitHold(clock, (to, messages) =>
      sent.push({ to, commits: messages.map(({ commit }) => commit) }),
    );
  });

  it("sends a commit index that nothing takes along after a moment, the newest only", async () => {
    hold.pass(2, [append(5)]);
    hold.pass(2, [append(6)]);
    hold.pass(3, [append(6)]);
    assert.deepEqual(sent, []);
    await clock.advance(10);
    assert.deepEqual(sent, [
      { to: 2, commits: [6] },
      { to: 3, commits: [6] },
    ]);
  });

  it("lets an append take the commit index along, for its peer alone", async () => {
    hold.pass(2, [append(5)]);
    hold.pass(3, [append(5)]);
    hold.pass(2, [append(5, [ENTRY])]);
    await clock.advance(10);
    assert.deepEqual(sent, [
      { to: 2, commits: [5] },
      { to: 3, commits: [5] },
    ]);
  });

  it("holds nothing else", () => {
    hold.pass(2, [
      newMessage("MsgHeartbeat", 1, 2, 1),
      append(5),
      newMessage("MsgAppResp", 1, 2, 1),
    ]);
    assert.deepEqual(sent, [{ to: 2, commits: [0, 0] }]);
  });

  it("sends nothing any more once it is closed", async () => {
    hold.pass(2, [append(5)]);
    hold.close();
    await clock.advance(10);
    assert.deepEqual(sent, []);
  });
});
