import assert from "node:assert/strict";
import fc from "fast-check";
import { Inflights } from "../../../raft/core/inflights.ts";
import { ENTRY_OVERHEAD_BYTES } from "../../../raft/core/entry-size.ts";
import type { Message } from "../../../raft/core/message.ts";
import { Progress } from "../../../raft/core/progress.ts";
import { bytes, conf, Member, message } from "./member.ts";
import type { Options } from "./member.ts";

/** A leader of two whose peer replicates and holds everything. */
function leader(options: Options): Member {
  const member = new Member(1, conf([1, 2]), options);
  member.becomeLeader();
  member.take();
  member.step(message("MsgAppResp", 2, 1, { index: 1 }));
  member.take();
  return member;
}

const appends = (sent: readonly Message[]) => sent.filter((m) => m.type === "MsgApp");

describe("flow control", () => {
  it("has no more appends in flight than the window", () => {
    const member = leader({ maxInflightMessages: 4 });
    for (let i = 0; i < 10; i++) member.core.propose([bytes(`entry ${i}`)]);
    assert.equal(appends(member.take()).length, 4);
    assert.equal(member.peer(2).inflightFull, true);
    assert.equal(member.peer(2).paused, true);
    member.core.propose([bytes("more")]);
    assert.deepEqual(appends(member.take()), []);
  });

  it("frees by an answer everything up to its index, by an old one nothing", () => {
    const member = leader({ maxInflightMessages: 4, maxBytesPerMessage: 1 });
    for (let i = 0; i < 12; i++) member.core.propose([bytes("x")]);
    assert.equal(appends(member.take()).length, 4);
    member.step(message("MsgAppResp", 2, 1, { index: 4 }));
    // Two more places and a commit: appends for the places carry it.
    assert.equal(appends(member.take()).filter((m) => m.entries.length > 0).length, 3);
    assert.equal(member.peer(2).inflight, 4);
    for (const index of [1, 2, 3, 4]) {
      member.step(message("MsgAppResp", 2, 1, { index }));
      assert.deepEqual(appends(member.take()), [], `old answer ${index}`);
    }
    assert.equal(member.peer(2).inflight, 4);
  });

  it("allows one empty append per heartbeat answer while the window is full", () => {
    const member = leader({ maxInflightMessages: 2, maxBytesPerMessage: 1 });
    for (let i = 0; i < 5; i++) member.core.propose([bytes("x")]);
    member.take();
    for (let round = 0; round < 3; round++) {
      member.step(message("MsgHeartbeatResp", 2, 1));
      const sent = appends(member.take());
      assert.deepEqual(
        sent.map((m) => m.entries.length),
        [0],
      );
      assert.equal(member.peer(2).next, 4);
      // It takes the place of the only one: no second before the next heartbeat answer.
      member.core.propose([bytes("y")]);
      assert.deepEqual(appends(member.take()), []);
    }
  });

  it("recovers a window whose appends were all lost", () => {
    const member = leader({ maxInflightMessages: 2, maxBytesPerMessage: 1 });
    for (let i = 0; i < 5; i++) member.core.propose([bytes("x")]);
    member.take();
    member.step(message("MsgHeartbeatResp", 2, 1));
    const [probe] = appends(member.take());
    assert.ok(probe);
    const { index } = probe;
    member.step(message("MsgAppResp", 2, 1, { index, reject: true, rejectHint: 1, logTerm: 1 }));
    const [again] = appends(member.take());
    assert.deepEqual([again?.index, again?.entries.length], [1, 1]);
  });

  it("limits appends by bytes, always with one entry at least", () => {
    const size = 100 + ENTRY_OVERHEAD_BYTES;
    const member = leader({ maxBytesPerMessage: 2 * size, maxInflightMessages: 3 });
    member.core.propose(Array.from({ length: 10 }, () => new Uint8Array(100)));
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    // One append per proposal, then the answers open the window for more.
    assert.deepEqual(
      appends(member.take()).map((m) => m.entries.length),
      [2],
    );
    member.step(message("MsgAppResp", 2, 1, { index: 3 }));
    const more = appends(member.take()).filter((m) => m.entries.length > 0);
    assert.deepEqual(
      more.map((m) => m.entries.length),
      [2, 2, 2],
    );
    const large = leader({ maxBytesPerMessage: 10 });
    large.core.propose([new Uint8Array(1000), new Uint8Array(1000)]);
    assert.deepEqual(
      appends(large.take()).map((m) => m.entries.length),
      [1],
    );
  });

  it("limits what is in flight by bytes: large entries mean fewer appends", () => {
    const member = leader({
      maxBytesPerMessage: 2048,
      maxInflightMessages: 256,
      maxInflightBytes: 4096,
    });
    for (let i = 0; i < 10; i++) member.core.propose([new Uint8Array(1000)]);
    // The one that crosses the bound still goes.
    assert.equal(appends(member.take()).length, 5);
    assert.equal(member.peer(2).inflightBytes, 5000);
    member.step(message("MsgAppResp", 2, 1, { index: 4 }));
    assert.equal(member.peer(2).inflightBytes >= 4096, true);
    assert.equal(member.peer(2).inflightFull, true);
  });

  it("drops proposals above the uncommitted limit, one always passing, empty ones free", () => {
    const member = leader({ maxUncommittedBytes: 100 });
    const propose = (size: number) => member.core.propose([new Uint8Array(size)]);
    assert.equal(propose(200).ok, true);
    const refused = propose(10);
    assert.equal(!refused.ok && refused.reason, "uncommitted-limit");
    assert.equal(propose(0).ok, true);
    assert.equal(member.status.uncommittedBytes, 200);
    // Applying gives the quota back.
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: member.status.lastIndex }));
    member.take();
    assert.equal(member.status.uncommittedBytes, 0);
    for (let i = 0; i < 4; i++) assert.equal(propose(25).ok, true);
    assert.equal(propose(25).ok, false);
    // A new leadership starts with all of it.
    member.follow(2, 2);
    assert.equal(member.status.uncommittedBytes, 0);
  });

  it("refuses an entry that is larger than allowed, with all that came with it", () => {
    const member = leader({ maxEntryBytes: 10 });
    const before = member.status.lastIndex;
    const result = member.core.propose([bytes("small"), new Uint8Array(11)]);
    assert.equal(!result.ok && result.reason, "too-large");
    assert.equal(member.status.lastIndex, before);
  });

  it("hands out no more to apply than allowed, in pages, until it is applied", () => {
    const member = leader({
      asyncStorageWrites: true,
      maxApplyingBytes: 3 * (10 + ENTRY_OVERHEAD_BYTES),
    });
    member.core.propose(Array.from({ length: 7 }, () => new Uint8Array(10)));
    member.handleReady();
    member.appendOne();
    member.step(message("MsgAppResp", 2, 1, { index: 8 }));
    member.handleReady();
    assert.equal(member.applyWork.length, 1);
    assert.equal(member.applyWork[0]?.entries.length, 3);
    assert.equal(member.core.hasReady(), false);
    member.applyOne();
    member.handleReady();
    assert.equal(member.applyWork[0]?.entries.length, 3);
    member.take();
    assert.equal(member.appliedIndex, 8);
  });
});

describe("appends of one turn", () => {
  /** A leader of two whose peer holds everything, with appends put together. */
  const coalescing = () => leader({ coalesceAppends: true });

  it("are put together: one for all proposals, with the newest commit index", () => {
    const member = coalescing();
    for (const word of ["a", "b", "c"]) member.core.propose([bytes(word)]);
    const first = appends(member.take());
    assert.deepEqual(
      first.map((m) => [m.index, m.entries.length, m.commit]),
      [[1, 3, 1]],
    );
    // An answer that commits and new proposals in the same turn: still one.
    member.step(message("MsgAppResp", 2, 1, { index: 4 }));
    member.core.propose([bytes("d")]);
    assert.deepEqual(
      appends(member.take()).map((m) => [m.index, m.entries.length, m.commit]),
      [[4, 1, 4]],
    );
  });

  it("tell the commit index by themselves when there is nothing else to send, once", () => {
    const member = coalescing();
    member.core.propose([bytes("a")]);
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    assert.equal(member.core.hasReady(), true);
    assert.deepEqual(
      appends(member.take()).map((m) => [m.entries.length, m.commit]),
      [[0, 2]],
    );
    assert.equal(member.core.hasReady(), false);
  });

  it("are not owed any more by one who does not lead any more", () => {
    const member = coalescing();
    member.core.propose([bytes("a")]);
    member.step(message("MsgHeartbeat", 2, 1, { term: 2 }));
    assert.deepEqual(appends(member.take()), []);
  });
});

describe("the window of appends in flight", () => {
  it("behaves like a plain list, whatever is added and freed", () => {
    const step = fc.record({ add: fc.boolean(), by: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 400 }),
        fc.array(step, { maxLength: 200 }),
        (maxCount, maxBytes, steps) => {
          const window = new Inflights(maxCount, maxBytes);
          let model: { index: number; size: number }[] = [];
          let last = 0;
          let freed = 0;
          for (const { add, by } of steps) {
            const total = model.reduce((sum, { size }) => sum + size, 0);
            const full = model.length >= maxCount || total >= maxBytes;
            assert.equal(window.full, full);
            assert.deepEqual([window.count, window.bytes], [model.length, total]);
            if (add && !full) {
              last += by;
              model.push({ index: last, size: by * 7 });
              window.add(last, by * 7);
            } else if (!add) {
              freed = Math.min(last, freed + by);
              model = model.filter(({ index }) => index > freed);
              window.freeUpTo(freed);
            }
          }
        },
      ),
    );
  });
});

describe("progress", () => {
  const limits = { maxInflightMessages: 8, maxInflightBytes: 1000 };

  it("never lets next fall to match, whatever is acknowledged, rejected or lost", () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("ack" as const), at: fc.nat(30) }),
      fc.record({ kind: fc.constant("reject" as const), at: fc.nat(30), hint: fc.nat(30) }),
      fc.record({ kind: fc.constant("send" as const), at: fc.nat(3) }),
      fc.record({ kind: fc.constantFrom("probe", "replicate", "snapshot"), at: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const peer = new Progress(2, 5, false, limits);
        for (const a of actions) {
          const matchBefore = peer.match;
          if (a.kind === "ack") peer.acknowledged(a.at);
          else if (a.kind === "reject") peer.rejected(a.at, "hint" in a ? a.hint : 0);
          else if (a.kind === "send" && !peer.paused) peer.sentEntries(a.at, a.at * 10);
          else if (a.kind === "probe") peer.becomeProbe();
          else if (a.kind === "replicate") peer.becomeReplicate();
          else if (a.kind === "snapshot") peer.becomeSnapshot(Math.max(a.at, peer.match));
          assert.ok(peer.next > peer.match);
          assert.ok(peer.match >= matchBefore);
          assert.ok(peer.inflights.count <= limits.maxInflightMessages);
        }
      }),
    );
  });

  it("takes a commit index for lost with the appends that carried it", () => {
    for (const state of ["replicate", "probe"] as const) {
      const peer = new Progress(2, 1, false, limits);
      peer.acknowledged(3);
      if (state === "replicate") peer.becomeReplicate();
      peer.next = 8;
      peer.sentCommit = 7;
      assert.equal(peer.canRaiseCommit(9), false);
      peer.rejected(7, 4);
      peer.becomeReplicate();
      peer.sentEntries(4, 40);
      assert.equal(peer.canRaiseCommit(7), true);
    }
  });

  it("goes on probing behind a snapshot that arrived, and behind the match after a failure", () => {
    const peer = new Progress(2, 1, false, limits);
    peer.acknowledged(3);
    peer.becomeSnapshot(10);
    peer.becomeProbe();
    assert.deepEqual([peer.state, peer.next], ["probe", 11]);
    peer.becomeSnapshot(20);
    peer.pendingSnapshot = 0;
    peer.becomeProbe();
    assert.deepEqual([peer.state, peer.next], ["probe", 4]);
  });
});
