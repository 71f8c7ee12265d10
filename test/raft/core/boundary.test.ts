import assert from "node:assert/strict";
import fc from "fast-check";
import { InvariantError } from "../../../lib/assert.ts";
import { configOf } from "../../../raft/core/config.ts";
import { APPEND_THREAD } from "../../../raft/core/message.ts";
import type { Message, MessageType } from "../../../raft/core/message.ts";
import { PEER_MESSAGE_TYPES } from "../peer-message-types.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";

describe("what comes from outside", () => {
  it("is refused when it is not for this member or holds no usable numbers", () => {
    const member = new Member(1, conf([1, 2]));
    const bad: Message[] = [
      message("MsgHeartbeat", 2, 3),
      message("MsgHeartbeat", 0, 1),
      message("MsgHeartbeat", 2, 1, { term: 2 ** 53 }),
      message("MsgHeartbeat", 2, 1, { term: 1.5 }),
      message("MsgHeartbeat", 2, 1, { commit: -1 }),
      message("MsgHeartbeat", 2, 1, { term: 0 }),
      message("MsgSnap", 2, 1),
      message("MsgProp", 2, 1, { term: 0 }),
      message("MsgApp", 2, 1, { entries: [entry(1, 2)] }),
      message("MsgApp", 2, 1, { entries: [entry(1, 1), entry(1, 3)] }),
      message("MsgApp", 2, 1, { entries: [entry(2, 1)] }),
    ];
    const before = member.status;
    for (const m of bad) assert.equal(member.step(m), "malformed");
    assert.deepEqual(member.status, before);
  });

  it("is refused when only this member itself may say it", () => {
    const member = new Member(1, conf([1, 2]));
    const types: MessageType[] = [
      "MsgStorageAppend",
      "MsgStorageApply",
      "MsgStorageAppendResp",
      "MsgStorageApplyResp",
    ];
    for (const type of types) assert.equal(member.step(message(type, 2, 1)), "local-message");
    const own = message("MsgStorageApplyResp", APPEND_THREAD, 1);
    assert.equal(member.step(own), "local-message");
  });

  it("says why a proposal was not taken, and by whom it might be", () => {
    const member = new Member(1, conf([1, 2, 3]), { forwardProposals: false });
    const refused = (reason: string, lead: number) => {
      assert.deepEqual(member.core.propose([bytes("x")]), { ok: false, reason, lead });
    };
    refused("no-leader", 0);
    member.follow(2, 1);
    refused("not-leader", 2);
    member.core.campaign();
    refused("no-leader", 0);
    assert.throws(() => member.core.propose([]), InvariantError);
  });

  it("takes a batch of proposals whole: the result names the last entry", () => {
    const member = new Member(1, conf([1]));
    member.becomeLeader();
    member.take();
    const result = member.core.propose(["a", "b", "c"].map(bytes));
    assert.deepEqual(result, { ok: true, term: 1, index: 4 });
    member.take();
    assert.deepEqual(member.appliedTexts, ["a", "b", "c"]);
  });

  it("cannot be contradictory settings", () => {
    const base = { id: 1, random: () => 0 };
    for (const wrong of [
      { id: 0 },
      { electionTicks: 1, heartbeatTicks: 1 },
      { heartbeatTicks: 0 },
      { maxInflightMessages: 0 },
      { maxInflightBytes: 10, maxBytesPerMessage: 20 },
      { maxUncommittedBytes: 0 },
      { readMode: "lease", checkQuorum: false },
      { tickMs: 0 },
    ] as const) {
      assert.throws(() => configOf({ ...base, ...wrong }), InvariantError);
    }
    assert.equal(Object.isFrozen(configOf(base)), true);
  });

  it("never makes a member fall over, short of a broken invariant", () => {
    const types: readonly MessageType[] = [
      ...PEER_MESSAGE_TYPES,
      "MsgStorageAppendResp",
      "MsgStorageApplyResp",
    ];
    const any = fc.record({
      type: fc.constantFrom(...types),
      from: fc.integer({ min: -3, max: 4 }),
      to: fc.integer({ min: 0, max: 2 }),
      term: fc.nat(5),
      logTerm: fc.nat(5),
      index: fc.nat(6),
      commit: fc.nat(6),
      vote: fc.nat(3),
      reject: fc.boolean(),
      rejectHint: fc.nat(6),
      context: fc.nat(5),
      forced: fc.boolean(),
    });
    const roles = fc.constantFrom("follower", "candidate", "leader");
    fc.assert(
      fc.property(roles, fc.array(any, { maxLength: 12 }), (role, list) => {
        const member = new Member(1, conf([1, 2, 3]), { preVote: true, checkQuorum: true });
        if (role === "candidate") member.core.campaign();
        else if (role === "leader") member.becomeLeader();
        try {
          for (const fields of list) {
            member.step({ ...message("MsgApp", 2, 1), ...fields });
            member.take();
          }
        } catch (error) {
          assert.ok(error instanceof InvariantError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
