import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message, PeerMessageType } from "../../../raft/core/message.ts";
import { newMessage } from "../../../raft/core/message.ts";
import { decodeRequest, encodeFrames, messagesOf } from "../../../raft/shell/transport/frames.ts";

const TYPES: readonly PeerMessageType[] = [
  "MsgProp",
  "MsgApp",
  "MsgAppResp",
  "MsgVote",
  "MsgVoteResp",
  "MsgPreVote",
  "MsgPreVoteResp",
  "MsgSnap",
  "MsgHeartbeat",
  "MsgHeartbeatResp",
  "MsgTransferLeader",
  "MsgTimeoutNow",
  "MsgReadIndex",
  "MsgReadIndexResp",
];

const number = fc.maxSafeNat();
const ids = fc.array(number, { maxLength: 4 });
const plain = { noNullPrototype: true };
const entry = fc.record(
  {
    term: number,
    index: number,
    type: fc.constantFrom("normal" as const, "conf-change" as const),
    data: fc.uint8Array({ maxLength: 50 }),
  },
  plain,
);
const confState = fc.record(
  { voters: ids, votersOutgoing: ids, learners: ids, learnersNext: ids, autoLeave: fc.boolean() },
  plain,
);
const message: fc.Arbitrary<Message> = fc
  .record(
    {
      type: fc.constantFrom(...TYPES),
      term: number,
      logTerm: number,
      index: number,
      commit: number,
      vote: number,
      reject: fc.boolean(),
      rejectHint: number,
      context: number,
      forced: fc.boolean(),
      entries: fc.array(entry, { maxLength: 4 }),
      snapshot: fc.option(fc.record({ index: number, term: number, confState }, plain)),
    },
    plain,
  )
  .map((fields) => ({ ...newMessage(fields.type, 1, 2, 0), ...fields }));

function travel(messages: readonly Message[]): readonly Message[] {
  return encodeFrames(messages).flatMap((frame) => {
    const request = decodeRequest(frame);
    assert.equal(request.kind, "frame");
    return request.kind === "frame" ? messagesOf(request.frame.messages, 1, 2) : [];
  });
}

describe("frames", () => {
  it("carry every message unchanged and in order", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
        assert.deepEqual(travel(messages), messages);
      }),
    );
  });

  it("are bounded, but carry one large message whole", () => {
    const data = new Uint8Array(600_000);
    const one = { term: 1, index: 1, type: "normal", data } as const;
    const large = { ...newMessage("MsgApp", 1, 2, 1), entries: [one, one, one] };
    const frames = encodeFrames([large, newMessage("MsgHeartbeat", 1, 2, 1), large]);
    assert.deepEqual(
      frames.map(({ length }) => Math.round(length / 600_000)),
      [3, 0, 3],
    );
  });

  it("leave out what is not for a peer", () => {
    assert.deepEqual(encodeFrames([newMessage("MsgStorageAppend", 1, -1, 1)]), []);
  });
});
