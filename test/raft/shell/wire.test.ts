import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message } from "../../../raft/core/message.ts";
import { newMessage } from "../../../raft/core/message.ts";
import { codec } from "../../../proto/codec.ts";
import { isPeerMessage, toWire } from "../../../raft/shell/wire.ts";
import { decodeRequest, encodeFrames, messagesOf } from "../../../raft/shell/transport/frames.ts";
import { PEER_MESSAGE_TYPES } from "../peer-message-types.ts";

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
      type: fc.constantFrom(...PEER_MESSAGE_TYPES),
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
    return request.kind === "frame" ? messagesOf(request.messages, 1, 2) : [];
  });
}

const requests = codec("RaftExchangeRequest");

describe("frames", () => {
  it("are what the generated code reads and writes", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
        const wire = messages.filter(isPeerMessage).map(toWire);
        const [ours] = encodeFrames(messages);
        const theirs = requests.encode({ kind: "frame", frame: { messages: wire } });
        assert.ok(ours);
        assert.deepEqual(requests.decode(ours), requests.decode(theirs));
        assert.deepEqual(decodeRequest(theirs), { kind: "frame", messages });
      }),
    );
  });

  it("with anything in them are read or refused, and end", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 2 }),
        fc.uint8Array(),
        fc.nat(),
        (sent, junk, at) => {
          const [frame = Buffer.of(18, 9)] = encodeFrames(sent);
          const from = at % frame.length;
          const changed = Buffer.concat([frame.subarray(0, from), junk, frame.subarray(from + 3)]);
          try {
            decodeRequest(changed);
          } catch (error) {
            assert.ok(error instanceof Error);
          }
        },
      ),
    );
  });

  it("keep what they know of a message with fields and types of a later version", () => {
    const known = encodeFrames([newMessage("MsgHeartbeat", 1, 2, 7)])[0]!.subarray(4);
    const later = Buffer.of(0xa0, 1, 5, 0xaa, 1, 2, 9, 9, 0xad, 1, 0, 0, 0, 0);
    const unknown = Buffer.of(8, 99);
    const block = (field: number, bytes: Uint8Array): Uint8Array =>
      Buffer.concat([Buffer.of(field * 8 + 2, bytes.length), bytes]);
    const messages = [block(1, Buffer.concat([later, known])), block(1, unknown)];
    const frame = block(2, Buffer.concat([...messages, block(3, later)]));
    assert.deepEqual(decodeRequest(frame), {
      kind: "frame",
      messages: [newMessage("MsgHeartbeat", 1, 2, 7)],
    });
  });

  it("are refused when a number of an entry runs on into what follows", () => {
    // An entry of two bytes whose index needs a third: the tag of the next field.
    const message = Buffer.of(8, 1, 16, 1, 24, 2, 58, 2, 16, 0x80, 64, 1);
    const inner = Buffer.concat([Buffer.of(10, message.length), message]);
    const frame = Buffer.concat([Buffer.of(18, inner.length), inner]);
    assert.throws(() => decodeRequest(frame), /malformed/);
  });

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
