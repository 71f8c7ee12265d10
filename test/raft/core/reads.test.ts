import assert from "node:assert/strict";
import { READS_MAX } from "../../../raft/core/read-queue.ts";
import { bytes, conf, Member, message } from "./member.ts";
import { cluster, Network } from "./network.ts";

/** A leader of three that has committed its first entry; messages to peers are the test's. */
function leader(options = {}): Member {
  const member = new Member(1, conf([1, 2, 3]), options);
  member.becomeLeader();
  member.take();
  member.step(message("MsgAppResp", 2, 1, { index: 1 }));
  member.take();
  return member;
}

/** The read position of the newest heartbeat to 2 among the messages due. */
function position(member: Member): number {
  const beat = member.take().findLast((m) => m.type === "MsgHeartbeat" && m.to === 2);
  assert.ok(beat, "a heartbeat went out");
  return beat.context;
}

const answer = (member: Member, from: number, context: number) => {
  member.step(message("MsgHeartbeatResp", from, 1, { term: member.status.term, context }));
  member.take();
};

describe("reads", () => {
  it("give the commit index after a round of heartbeats, at leader and followers", () => {
    const net = cluster(3);
    net.campaign(1);
    for (const id of [1, 2, 3]) {
      net.propose(1, `${id}`);
      net.at(id).read(id);
      net.settle();
      assert.deepEqual(net.at(id).reads, [{ id, index: net.at(1).status.commit }]);
    }
  });

  it("are asked by learners too, whose answers count for nothing", () => {
    const confState = conf([1], { learners: [2] });
    const net = new Network([1, 2].map((id) => new Member(id, confState)));
    net.campaign(1);
    net.at(2).read(7);
    net.settle();
    assert.deepEqual(net.at(2).reads, [{ id: 7, index: 1 }]);
    const member = new Member(1, conf([1, 2, 3], { learners: [4, 5] }));
    member.becomeLeader();
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    member.take();
    member.read(1);
    const at = position(member);
    for (const from of [4, 5]) answer(member, from, at);
    assert.deepEqual(member.reads, []);
    answer(member, 2, at);
    assert.equal(member.reads.length, 1);
  });

  it("wait on a new leader until it has committed in its own term", () => {
    const member = new Member(1, conf([1, 2, 3]));
    member.becomeLeader();
    member.take();
    member.read(1);
    member.take();
    answer(member, 2, 1);
    assert.deepEqual(member.reads, []);
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    answer(member, 2, position(member));
    assert.deepEqual(member.reads, [{ id: 1, index: 1 }]);
  });

  it("wait on a lone voter as well: its commit index may be older than what it answered", () => {
    const past = {
      entries: [1, 2, 3].map((index) => ({
        term: 1,
        index,
        type: "normal" as const,
        data: bytes("x"),
      })),
      term: 1,
      commit: 1,
    };
    const member = new Member(1, conf([1]), {}, past);
    member.core.campaign();
    member.handleReady();
    assert.equal(member.status.role, "leader");
    member.read(1);
    assert.deepEqual(member.reads, []);
    member.take();
    assert.deepEqual(member.reads, [{ id: 1, index: 4 }]);
  });

  it("share one round: a broadcast confirms every read that came in before it", () => {
    const member = leader();
    for (const id of [1, 2, 3]) member.read(id);
    const beats = member.take().filter((m) => m.type === "MsgHeartbeat");
    assert.equal(beats.length, 2);
    answer(member, 3, beats[0]!.context);
    assert.deepEqual(
      member.reads.map(({ id }) => id),
      [1, 2, 3],
    );
  });

  it("are not confirmed by answers to older rounds, however often the same id asks", () => {
    const member = leader();
    member.read(1);
    const first = position(member);
    answer(member, 2, first);
    assert.equal(member.reads.length, 1);
    // The leader is deposed elsewhere meanwhile; the same id asks again, late answers come in.
    member.read(1);
    position(member);
    answer(member, 3, first);
    answer(member, 2, first);
    answer(member, 2, 0);
    assert.equal(member.reads.length, 1);
    // Nor by an answer to a round that was never made.
    answer(member, 2, 1_000);
    assert.equal(member.reads.length, 1);
  });

  it("are confirmed by a later round when their own was lost", () => {
    const member = leader();
    member.read(1);
    member.take();
    member.tick();
    answer(member, 2, position(member));
    assert.equal(member.reads.length, 1);
  });

  it("need a quorum of both halves of a joint configuration", () => {
    const member = new Member(1, conf([1, 2, 3], { votersOutgoing: [1, 4, 5] }));
    member.becomeLeader();
    member.take();
    for (const from of [2, 4]) member.step(message("MsgAppResp", from, 1, { index: 1 }));
    member.take();
    member.read(1);
    const at = position(member);
    answer(member, 2, at);
    answer(member, 3, at);
    assert.deepEqual(member.reads, []);
    answer(member, 5, at);
    assert.equal(member.reads.length, 1);
  });

  it("fail when leadership ends, and leave nothing behind", () => {
    const member = leader();
    for (const id of [1, 2]) member.read(id);
    member.take();
    member.step(message("MsgApp", 2, 1, { term: 5 }));
    member.take();
    assert.deepEqual(
      member.failedReads,
      [1, 2].map((id) => ({ id, reason: "leader-changed" })),
    );
    member.becomeLeader();
    member.take();
    member.step(message("MsgAppResp", 3, 1, { term: 6, index: 2 }));
    answer(member, 3, position2(member));
    assert.deepEqual(member.reads, []);
  });

  it("fail at once without a leader, and on a follower when its leader changes", () => {
    const member = new Member(2, conf([1, 2, 3]));
    member.read(1);
    member.take();
    assert.deepEqual(member.failedReads, [{ id: 1, reason: "no-leader" }]);
    member.follow(1, 1);
    member.read(2);
    assert.equal(member.take().find((m) => m.type === "MsgReadIndex")?.context, 2);
    member.follow(3, 2);
    member.take();
    assert.deepEqual(member.failedReads.at(-1), { id: 2, reason: "leader-changed" });
    // The old leader's answer comes too late to count.
    member.step(message("MsgReadIndexResp", 1, 2, { term: 2, index: 9, context: 2 }));
    member.take();
    assert.deepEqual(member.reads, []);
  });

  it("fail on a follower that gets no answer within an election timeout", () => {
    const member = new Member(2, conf([1, 2, 3]));
    member.follow(1, 1);
    member.read(1);
    for (let i = 0; i < 10; i++) {
      member.tick();
      member.follow(1, 1);
    }
    member.take();
    assert.deepEqual(member.failedReads, [{ id: 1, reason: "timeout" }]);
  });

  it("beyond the bound are refused, whoever asks", () => {
    const member = leader();
    const far = new Member(2, conf([1, 2, 3]));
    far.follow(1, 1);
    for (let id = 1; id <= READS_MAX + 1; id++) {
      member.read(id);
      far.read(id);
    }
    for (const one of [member, far]) {
      one.take();
      assert.deepEqual(one.failedReads, [{ id: READS_MAX + 1, reason: "overloaded" }]);
    }
    // Confirmed reads leave nothing behind: as many again are taken.
    answer(member, 2, position2(member));
    assert.equal(member.reads.length, READS_MAX);
    for (let id = 1; id <= READS_MAX; id++) member.read(READS_MAX + 1 + id);
    member.take();
    assert.equal(member.failedReads.length, 1);
  });

  it("are answered with the index of when they came in, later entries or not", () => {
    const member = leader();
    member.read(1);
    const at = position(member);
    member.core.propose([bytes("x")]);
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    answer(member, 3, at);
    assert.deepEqual(member.reads, [{ id: 1, index: 1 }]);
  });
});

function position2(member: Member): number {
  member.tick();
  return position(member);
}

describe("leases", () => {
  const LEASE = { checkQuorum: true, readMode: "lease" as const };
  /** T = 10 ticks of 100 ms, one tick less for a voter's first tick, a tenth of T for drift. */
  const LEASE_MS = 800;

  /** A leader whose peer 2 answered the heartbeat sent at the member's present time. */
  function leased(): Member {
    const member = leader(LEASE);
    member.tick();
    answer(member, 2, position(member));
    return member;
  }

  it("answer a leader's reads at once, from when the confirmed heartbeat was sent", () => {
    const member = leased();
    assert.equal(member.status.leaseUntil, member.now + LEASE_MS);
    member.read(1);
    member.take();
    assert.deepEqual(member.reads, [{ id: 1, index: 1 }]);
  });

  it("count from the sending of a heartbeat, not from its answer", () => {
    const member = leader(LEASE);
    member.tick();
    const sent = member.now;
    const at = position(member);
    member.tick(3);
    member.take();
    answer(member, 2, at);
    assert.equal(member.status.leaseUntil, sent + LEASE_MS);
  });

  it("end in time: then a read takes a round of heartbeats, and no error", () => {
    const member = leased();
    const until = member.status.leaseUntil;
    member.now = until;
    for (let now = until - 700; now <= until; now += 100) member.core.readIndex(99, now);
    member.take();
    const before = member.reads.length;
    member.core.readIndex(1, until);
    const at = position2(member);
    assert.equal(member.reads.length, before);
    answer(member, 2, at);
    assert.equal(member.reads.at(-1)?.id, 1);
  });

  it("need a quorum: one old answer among three is not enough in a group of five", () => {
    const member = new Member(1, conf([1, 2, 3, 4, 5]), LEASE);
    member.becomeLeader();
    member.take();
    for (const from of [2, 3]) member.step(message("MsgAppResp", from, 1, { index: 1 }));
    member.tick();
    const at = position(member);
    answer(member, 2, at);
    assert.equal(member.status.leaseUntil, 0);
    answer(member, 3, at);
    assert.ok(member.status.leaseUntil > 0);
  });

  it("are void from a TimeoutNow on: whoever gets it may break the promise", () => {
    const member = leased();
    member.core.transferLeader(2);
    assert.equal(
      member.take().some((m) => m.type === "MsgTimeoutNow"),
      true,
    );
    assert.equal(member.status.leaseUntil, 0);
    member.read(1);
    member.take();
    assert.deepEqual(member.reads, []);
    // Also when the transfer is over: the message may still be under way.
    member.core.transferLeader(1);
    answer(member, 2, position2(member));
    assert.equal(member.status.leaseUntil, 0);
    assert.equal(member.reads.length, 1);
  });

  it("are not relied on while a transfer waits for its target to catch up", () => {
    const member = leased();
    member.core.propose([bytes("x")]);
    member.take();
    member.core.transferLeader(3);
    member.read(1);
    const at = position(member);
    assert.deepEqual(member.reads, []);
    answer(member, 2, at);
    assert.equal(member.reads.length, 1);
  });

  it("are void after a pause of the process or a jump of its clock", () => {
    const member = leased();
    member.now += 500;
    member.read(1);
    assert.equal(member.status.leaseUntil, 0);
    member.take();
    assert.deepEqual(member.reads, []);
  });

  it("are not extended by time alone, and begin anew with each leadership", () => {
    const member = leased();
    member.step(message("MsgApp", 2, 1, { term: 2 }));
    member.take();
    assert.equal(member.status.leaseUntil, 0);
    member.tick(11);
    member.becomeLeader();
    assert.equal(member.status.leaseUntil, 0);
  });

  it("serve no follower: how long its question took is not known", () => {
    const member = leased();
    member.step(message("MsgReadIndex", 3, 1, { term: 0, context: 5 }));
    const sent = member.take();
    assert.deepEqual(
      sent.map((m) => m.type),
      ["MsgHeartbeat", "MsgHeartbeat"],
    );
    member.step(message("MsgHeartbeatResp", 2, 1, { context: sent[0]!.context }));
    const reply = member.take().find((m) => m.type === "MsgReadIndexResp");
    assert.deepEqual([reply?.to, reply?.context, reply?.index], [3, 5, 1]);
  });

  it("bind voters for a whole timeout, whatever they are told meanwhile", () => {
    const member = new Member(2, conf([1, 2, 3]), LEASE);
    member.tick(11);
    member.step(message("MsgHeartbeat", 1, 2));
    member.take();
    // Neither forgetting nor campaigning is a way around the promise.
    member.core.forgetLeader();
    assert.equal(member.status.lead, 1);
    member.core.campaign();
    assert.equal(member.status.role, "follower");
    member.step(message("MsgVote", 3, 2, { term: 2, index: 9, logTerm: 2 }));
    assert.deepEqual(member.take(), []);
    // The leader's own wish is.
    member.step(message("MsgVote", 3, 2, { term: 2, index: 9, logTerm: 2, forced: true }));
    assert.deepEqual(
      member.take().map((m) => [m.type, m.reject]),
      [["MsgVoteResp", false]],
    );
  });

  it("bind a voter that was restarted, for it may have promised before", () => {
    const restarted = new Member(2, conf([1, 2, 3]), LEASE, { term: 1 });
    const request = message("MsgVote", 3, 2, { term: 2, index: 9, logTerm: 2 });
    restarted.step(request);
    assert.deepEqual(restarted.take(), []);
    restarted.core.setElectionTimeout(30);
    restarted.tick(10);
    restarted.step(request);
    assert.equal(restarted.take().length, 1);
    const fresh = new Member(2, conf([1, 2, 3]), LEASE);
    fresh.step(request);
    assert.equal(fresh.take().length, 1);
  });
});
