import assert from "node:assert/strict";
import { encodeConfChange } from "../../../raft/core/conf-change-codec.ts";
import type { SnapshotMeta } from "../../../raft/core/types.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster } from "./network.ts";

const snapshot = (index: number, term = 1, confState = conf([1, 2])): SnapshotMeta => ({
  index,
  term,
  confState,
});

/** A leader of two whose log begins behind index 11; peer 2 was active and probes at `next`. */
function compactedLeader(): Member {
  const member = new Member(1, conf([1, 2]), {}, { snapshot: snapshot(11), term: 1 });
  member.becomeLeader();
  member.take();
  // A probe that is refused: 2 has nothing, and the log begins later.
  const { term } = member.status;
  member.step(message("MsgAppResp", 2, 1, { term, index: 11, reject: true }));
  return member;
}

describe("snapshots", () => {
  it("are sent when what a peer needs is compacted, and pause everything else", () => {
    const member = compactedLeader();
    const [sent] = member.take();
    assert.equal(sent?.type, "MsgSnap");
    assert.deepEqual(sent.snapshot, snapshot(11));
    const peer = member.peer(2);
    assert.deepEqual([peer.state, peer.pendingSnapshot, peer.next], ["snapshot", 11, 12]);
    member.core.propose([bytes("x")]);
    assert.deepEqual(member.take(), []);
    // Heartbeats go on; their answers do not start appends.
    member.tick();
    assert.deepEqual(
      member.take().map((m) => m.type),
      ["MsgHeartbeat"],
    );
    member.step(message("MsgHeartbeatResp", 2, 1, { term: 2 }));
    assert.deepEqual(member.take(), []);
  });

  it("are not sent to a peer that fell silent: they would be held for nobody", () => {
    const past = { snapshot: snapshot(11, 1, conf([1, 2, 3])), term: 1 };
    const member = new Member(1, conf([1, 2, 3]), { checkQuorum: true }, past);
    member.becomeLeader();
    member.take();
    member.disk.snapshotBusy = true;
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 11, reject: true }));
    for (let i = 0; i < 20; i++) {
      member.step(message("MsgHeartbeatResp", 3, 1, { term: 2 }));
      member.tick();
    }
    member.take();
    const { recentActive, state, paused } = member.peer(2);
    assert.deepEqual([recentActive, state, paused], [false, "probe", false]);
    member.disk.snapshotBusy = false;
    member.core.propose([bytes("x")]);
    assert.deepEqual(
      member.take().filter((m) => m.to === 2),
      [],
    );
    member.step(message("MsgHeartbeatResp", 2, 1, { term: 2 }));
    assert.equal(member.take()[0]?.type, "MsgSnap");
  });

  it("are not sent while none is at hand, but once one is and the peer shows itself", () => {
    const busy = compactedLeaderBusy();
    assert.equal(busy.peer(2).state, "probe");
    busy.disk.snapshotBusy = false;
    busy.step(message("MsgHeartbeatResp", 2, 1, { term: 2 }));
    assert.equal(busy.take()[0]?.type, "MsgSnap");
  });

  function compactedLeaderBusy(): Member {
    const member = new Member(1, conf([1, 2]), {}, { snapshot: snapshot(11), term: 1 });
    member.disk.snapshotBusy = true;
    member.becomeLeader();
    member.take();
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 11, reject: true }));
    assert.deepEqual(member.take(), []);
    return member;
  }

  it("that failed are followed by a probe from the match, after the next sign of life", () => {
    const member = compactedLeader();
    member.take();
    member.core.reportSnapshot(2, false);
    const peer = member.peer(2);
    assert.deepEqual([peer.state, peer.pendingSnapshot, peer.next], ["probe", 0, 1]);
    assert.equal(peer.paused, true);
    member.step(message("MsgHeartbeatResp", 2, 1, { term: 2 }));
    assert.equal(member.take()[0]?.type, "MsgSnap");
  });

  it("that arrived are followed by a probe behind them, after the next sign of life", () => {
    const member = compactedLeader();
    member.take();
    member.core.reportSnapshot(2, true);
    const peer = member.peer(2);
    assert.deepEqual([peer.state, peer.pendingSnapshot, peer.next], ["probe", 0, 12]);
    assert.equal(peer.paused, true);
  });

  it("are over as soon as the peer acknowledges what the log can continue from", () => {
    for (const index of [11, 12]) {
      const member = compactedLeader();
      member.take();
      member.step(message("MsgAppResp", 2, 1, { term: 2, index }));
      const peer = member.peer(2);
      assert.deepEqual([peer.state, peer.match, peer.pendingSnapshot], ["replicate", index, 0]);
      assert.equal(peer.next, 13);
    }
    // Reported or answered by mistake: another state is not touched.
    const member = compactedLeader();
    member.take();
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 12 }));
    member.core.reportSnapshot(2, false);
    assert.equal(member.peer(2).state, "replicate");
  });

  it("replace log and configuration, joint ones and learners included", () => {
    const configs = [
      conf([1, 2, 3]),
      conf([1, 2], { learners: [3] }),
      conf([2, 3], { votersOutgoing: [1, 2], learnersNext: [1], autoLeave: true }),
    ];
    for (const confState of configs) {
      const member = new Member(1, conf([1, 2]), {}, { entries: [entry(1, 1)], term: 1 });
      member.step(message("MsgSnap", 2, 1, { term: 2, snapshot: snapshot(11, 2, confState) }));
      const [answer] = member.take();
      assert.deepEqual([answer?.type, answer?.index, answer?.reject], ["MsgAppResp", 11, false]);
      const { status } = member;
      assert.deepEqual([status.lastIndex, status.commit, status.applied], [11, 11, 11]);
      assert.deepEqual(status.config, confState);
      assert.deepEqual([status.role, status.lead], ["follower", 2]);
      assert.deepEqual(member.log(), []);
    }
  });

  it("make a voter a learner and a learner a voter", () => {
    const voter = new Member(1, conf([1, 2]));
    const demoting = snapshot(11, 1, conf([2], { learners: [1] }));
    voter.step(message("MsgSnap", 2, 1, { snapshot: demoting }));
    voter.take();
    voter.tick(40);
    assert.equal(voter.status.role, "follower");
    const learner = new Member(1, conf([2], { learners: [1] }));
    learner.step(message("MsgSnap", 2, 1, { snapshot: snapshot(11) }));
    learner.take();
    learner.tick(40);
    assert.equal(learner.status.role, "candidate");
  });

  it("are taken by a candidate of the same term", () => {
    const member = new Member(1, conf([1, 2]));
    member.core.campaign();
    member.take();
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(11) }));
    member.take();
    assert.deepEqual([member.status.role, member.status.commit], ["follower", 11]);
  });

  it("that lie below the commit index are ignored, and answered with it", () => {
    const entries = [1, 2, 3].map((index) => entry(1, index));
    const member = new Member(1, conf([1, 2]), {}, { entries, term: 1, commit: 3 });
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(2) }));
    assert.equal(member.take()[0]?.index, 3);
    assert.equal(member.status.lastIndex, 3);
  });

  it("that lie below what is compacted here are ignored too", () => {
    const member = new Member(1, conf([1, 2]), {}, { snapshot: snapshot(9), term: 1 });
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(5) }));
    assert.equal(member.take()[0]?.index, 9);
    assert.deepEqual([member.status.commit, member.status.lastIndex], [9, 9]);
  });

  it("that the log contains only move the commit index and keep what follows", () => {
    const entries = [1, 2, 3].map((index) => entry(1, index));
    const member = new Member(1, conf([1, 2]), {}, { entries, term: 1, commit: 1 });
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(2) }));
    assert.equal(member.take()[0]?.index, 2);
    assert.deepEqual([member.status.commit, member.status.lastIndex], [2, 3]);
  });

  it("discard entries under them that differ", () => {
    const entries = [1, 2, 3].map((index) => entry(1, index));
    const member = new Member(1, conf([1, 2]), {}, { entries, term: 3, commit: 1 });
    member.step(message("MsgSnap", 2, 1, { term: 3, snapshot: snapshot(2, 2) }));
    member.take();
    assert.deepEqual([member.status.commit, member.status.lastIndex], [2, 2]);
  });

  it("older than a newcomer's admission are taken: its entry follows in the log", () => {
    const net = cluster(1, {}, { snapshot: snapshot(5, 1, conf([1])), term: 1 });
    net.campaign(1);
    net.propose(1, "a");
    net.add(new Member(2, conf([])));
    net.change(1, [{ type: "add-learner", id: 2 }]);
    net.tick(1, 3);
    assert.deepEqual(net.at(2).status.config.learners, [2]);
    assert.deepEqual(net.at(2).appliedTexts, ["a"]);
  });

  it("bring an isolated member up to date, then appends do", () => {
    const net = cluster(3);
    net.campaign(1);
    net.isolate(3);
    for (let i = 0; i < 20; i++) net.propose(1, `${i}`);
    net.at(1).compact();
    net.heal();
    net.tick(1, 2);
    assert.equal(net.at(1).peer(3).state, "replicate");
    net.propose(1, "last");
    assert.equal(net.at(3).status.applied, net.at(1).status.applied);
    assert.deepEqual(net.at(3).appliedTexts, ["last"]);
  });

  it("bring a learner up to date", () => {
    const past = { snapshot: snapshot(11, 1, conf([1], { learners: [2] })), term: 1 };
    const net = cluster(1, {}, past);
    net.add(new Member(2, conf([])));
    net.campaign(1);
    net.tick(1, 3);
    assert.equal(net.at(2).status.commit, net.at(1).status.commit);
    assert.deepEqual(net.at(2).status.config.learners, [2]);
  });

  it("are acknowledged, and become the state, only when they are durable", () => {
    const member = new Member(1, conf([1, 2]), { asyncStorageWrites: true });
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(11) }));
    const ready = member.handleReady();
    assert.deepEqual(ready.snapshot, snapshot(11));
    assert.equal(member.outbox.length, 0);
    assert.equal(member.status.applied, 0);
    assert.equal(member.core.hasReady(), false);
    // A new term meanwhile voids acknowledgements of entries, not of a snapshot.
    member.step(message("MsgHeartbeat", 2, 1, { term: 2 }));
    member.appendOne();
    assert.equal(member.status.applied, 11);
    assert.deepEqual(
      member.outbox.map((m) => [m.type, m.index]),
      [["MsgAppResp", 11]],
    );
  });

  it("that come while older changes wait to be applied do not mix with them", () => {
    const member = new Member(1, conf([1, 2]), { asyncStorageWrites: true });
    const steps = [3, 4].map((id) => ({ type: "add-voter", id }) as const);
    const data = encodeConfChange({ transition: "explicit", steps, context: bytes("") });
    const entries = [{ term: 1, index: 1, type: "conf-change", data } as const];
    member.step(message("MsgApp", 2, 1, { entries, commit: 1 }));
    member.handleReady();
    member.appendOne();
    member.handleReady();
    assert.equal(member.applyWork.length, 1);
    const joint = conf([1, 2, 3, 4], { votersOutgoing: [1, 2] });
    const final = conf([1, 2, 3, 4]);
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(11, 1, final) }));
    // The snapshot's configuration is in force; the state machine has its own, of its own index.
    member.applyOne();
    assert.deepEqual(member.confState, joint);
    assert.deepEqual(member.status.config, final);
    member.take();
    assert.deepEqual(member.confState, final);
    assert.equal(member.status.applied, 11);
  });

  it("may be followed by entries before they are installed", () => {
    const member = new Member(1, conf([1, 2]), { asyncStorageWrites: true });
    member.step(message("MsgSnap", 2, 1, { snapshot: snapshot(11) }));
    member.step(message("MsgApp", 2, 1, { index: 11, logTerm: 1, entries: [entry(1, 12, "x")] }));
    const ready = member.handleReady();
    assert.equal(ready.snapshot?.index, 11);
    assert.equal(ready.entries.length, 1);
    member.appendOne();
    assert.deepEqual(
      member.outbox.map((m) => m.index),
      [11, 12],
    );
    member.step(message("MsgHeartbeat", 2, 1, { commit: 12 }));
    member.take();
    assert.deepEqual(member.appliedTexts, ["x"]);
  });
});
