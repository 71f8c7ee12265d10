import assert from "node:assert/strict";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster, clusterOf, Network } from "./network.ts";

describe("elections", () => {
  for (const preVote of [false, true]) {
    const kind = preVote ? "with a survey first" : "by votes alone";

    it(`are won with a quorum of live members and a log that is not behind, ${kind}`, () => {
      const cases: [number, number[], string][] = [
        [3, [], "leader"],
        [3, [3], "leader"],
        [3, [2, 3], preVote ? "pre-candidate" : "candidate"],
        [4, [2, 3], preVote ? "pre-candidate" : "candidate"],
        [5, [2, 3], "leader"],
      ];
      for (const [size, down, role] of cases) {
        const net = cluster(size, { preVote });
        net.stop(...down);
        net.campaign(1);
        const { status } = net.at(1);
        assert.equal(status.role, role, `${size} members, ${down.length} down`);
        // A survey that is not answered leaves the term alone.
        assert.equal(status.term, role === "pre-candidate" ? 0 : 1);
      }
    });

    it(`are lost against longer logs, ${kind}`, () => {
      const net = clusterOf([[], [1], [1], [1, 1], []], { preVote });
      net.campaign(1);
      assert.equal(net.at(1).status.role, "follower");
      // Refusals carry the others' term, with or without a survey.
      assert.equal(net.at(1).status.term, 1);
    });

    it(`let every member lead in turn, even against a live leader, ${kind}`, () => {
      const net = cluster(3, { preVote });
      for (const candidate of [1, 2, 3]) {
        net.campaign(candidate);
        for (const { id, status } of net.members.values()) {
          assert.equal(status.role, id === candidate ? "leader" : "follower");
          assert.equal(status.lead, candidate);
          assert.equal(status.term, candidate);
        }
      }
    });

    it(`let a winner overwrite uncommitted entries of higher terms, ${kind}`, () => {
      // 1 and 2 saw term 1, 3 led term 2 and only 4, 5 voted then.
      const net = clusterOf([[1], [1], [2], [], []], { preVote });
      for (const id of [4, 5]) net.at(id).follow(3, 2);
      net.settle();
      for (let attempt = 0; attempt < 3 && net.at(1).status.role !== "leader"; attempt++) {
        net.campaign(1);
      }
      assert.equal(net.at(1).status.role, "leader");
      const logs = [...net.members.values()].map((m) => m.log());
      for (const log of logs) assert.deepEqual(log, logs[0]);
      assert.equal(logs[0]?.[0], "1/1 1/1");
    });
  }

  it("never start on a learner's timeout", () => {
    const member = new Member(2, conf([1], { learners: [2] }));
    member.tick(40);
    assert.equal(member.status.role, "follower");
    assert.deepEqual(member.take(), []);
  });

  it("can be won by a learner that was promoted", () => {
    const confState = conf([1], { learners: [2] });
    const net = new Network([new Member(1, confState), new Member(2, confState)]);
    net.campaign(1);
    net.change(1, [{ type: "add-voter", id: 2 }]);
    assert.equal(net.at(2).status.config.voters.length, 2);
    net.at(2).tick(20);
    net.settle();
    assert.equal(net.at(2).status.role, "leader");
    assert.equal(net.at(1).status.lead, 2);
  });

  it("count a learner's answer to a request, for it may be a voter without knowing", () => {
    const member = new Member(2, conf([1], { learners: [2] }));
    member.step(message("MsgVote", 1, 2, { term: 2, index: 11, logTerm: 11 }));
    const [answer] = member.take();
    assert.equal(answer?.type, "MsgVoteResp");
    assert.equal(answer.reject, false);
  });

  it("are ignored by a learner that is asked to campaign or to take over", () => {
    const member = new Member(2, conf([1], { learners: [2] }));
    member.core.campaign();
    member.follow(1, 1);
    member.take();
    member.step(message("MsgTimeoutNow", 1, 2));
    assert.equal(member.status.role, "follower");
    assert.deepEqual(member.take(), []);
  });

  it("end with one leader among rivals with different logs; the stale rival loses", () => {
    const net = cluster(3);
    net.cut(1, 3);
    net.cut(3, 1);
    net.at(1).core.campaign();
    net.at(3).core.campaign();
    net.settle();
    assert.deepEqual(
      [1, 3].map((id) => net.at(id).status.role),
      ["leader", "candidate"],
    );
    net.heal();
    // 3 comes with a higher term and a shorter log: it deposes 1, and cannot win.
    net.campaign(3);
    assert.deepEqual(net.roles(), ["follower@2", "follower@2", "follower@2"]);
  });

  it("with a survey first do not raise a stale rival's term", () => {
    const net = cluster(3, { preVote: true });
    net.cut(1, 3);
    net.cut(3, 1);
    net.campaign(1);
    net.campaign(3);
    assert.equal(net.at(1).status.role, "leader");
    assert.equal(net.at(3).status.role, "follower");
    net.heal();
    net.campaign(3);
    assert.deepEqual(net.roles(), ["leader@1", "follower@1", "follower@1"]);
  });

  it("are conceded by a candidate that hears a leader of its term, whose log it takes", () => {
    const net = cluster(3);
    net.isolate(1);
    net.campaign(1);
    net.campaign(3);
    net.heal();
    net.tick(3);
    net.propose(3, "force follower");
    const { status } = net.at(1);
    assert.equal(status.role, "follower");
    assert.equal(status.term, 1);
    assert.deepEqual(net.at(1).log(), net.at(3).log());
  });

  for (const preVote of [false, true]) {
    it(`are won at once by a lone voter${preVote ? " after a survey of itself" : ""}`, () => {
      const net = cluster(1, { preVote });
      net.campaign(1);
      assert.deepEqual(net.roles(), ["leader@1"]);
    });

    it(`ignore an own vote that arrives after the loss${preVote ? ", surveys too" : ""}`, () => {
      const member = new Member(1, conf([1, 2, 3]), { preVote, asyncStorageWrites: true });
      member.core.campaign();
      member.handleReady();
      const type = preVote ? "MsgPreVoteResp" : "MsgVoteResp";
      const term = preVote ? 1 : member.status.term;
      for (const from of [2, 3]) {
        member.step(message(type, from, 1, { term, reject: true }));
      }
      assert.equal(member.status.role, "follower");
      member.appendOne();
      assert.equal(member.status.role, "follower");
    });
  }

  it("do not count the survey's own vote once the real election runs", () => {
    const member = new Member(1, conf([1, 2, 3, 4, 5]), {
      preVote: true,
      asyncStorageWrites: true,
    });
    member.core.campaign();
    member.handleReady();
    for (const from of [2, 3, 4]) {
      member.step(message("MsgPreVoteResp", from, 1, { term: 1 }));
    }
    assert.equal(member.status.role, "candidate");
    // The survey's own vote comes back only now; then two real grants.
    member.appendOne();
    member.step(message("MsgVoteResp", 2, 1));
    member.step(message("MsgVoteResp", 3, 1));
    assert.equal(member.status.role, "candidate");
    member.handleReady();
    member.appendOne();
    assert.equal(member.status.role, "leader");
  });

  it("spread their timeouts evenly over one to two election timeouts", () => {
    const member = new Member(1, conf([1, 2, 3]), { electionTicks: 10 });
    const counts = new Map<number, number>();
    for (let round = 0; round < 2000; round++) {
      member.follow(2, round + 1);
      let ticks = 0;
      do {
        member.tick();
        ticks++;
      } while (member.status.role === "follower");
      counts.set(ticks, (counts.get(ticks) ?? 0) + 1);
      // The next round begins as a follower of a higher term.
      member.take();
      member.step(message("MsgHeartbeat", 2, 1, { term: member.status.term }));
    }
    assert.deepEqual(
      [...counts.keys()].toSorted((a, b) => a - b),
      [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    );
    for (const [ticks, count] of counts) {
      assert.ok(count > 120 && count < 290, `${ticks} ticks: ${count} of 2000`);
    }
  });

  it("draw a new timeout for every attempt of a candidate", () => {
    const member = new Member(1, conf([1, 2, 3]), { electionTicks: 10 });
    member.core.campaign();
    const seen = new Set<number>();
    for (let attempt = 0; attempt < 300; attempt++) {
      const { term } = member.status;
      let ticks = 0;
      for (; member.status.term === term; ticks++) member.tick();
      seen.add(ticks);
      member.take();
    }
    assert.equal(seen.size, 10);
    assert.deepEqual([Math.min(...seen), Math.max(...seen)], [10, 19]);
  });

  it("do not begin on a leader, whatever it is told", () => {
    for (const preVote of [false, true]) {
      const net = cluster(1, { preVote });
      net.campaign(1);
      net.campaign(1);
      assert.deepEqual(net.roles(), ["leader@1"]);
    }
  });

  it("begin only on a voter that is part of its own configuration", () => {
    const cases: [Member, boolean][] = [
      [new Member(1, conf([1])), true],
      [new Member(1, conf([1, 2, 3])), true],
      [new Member(1, conf([])), false],
      [new Member(1, conf([2, 3])), false],
      [new Member(1, conf([2], { learners: [1] })), false],
    ];
    for (const [member, may] of cases) {
      member.core.campaign();
      member.take();
      assert.equal(member.status.role !== "follower", may);
    }
  });

  it("do not begin while a snapshot is half installed", () => {
    const member = new Member(1, conf([1, 2]), { asyncStorageWrites: true });
    const snapshot = { index: 5, term: 1, confState: conf([1, 2]) };
    member.step(message("MsgSnap", 2, 1, { snapshot }));
    member.handleReady();
    member.core.campaign();
    assert.equal(member.status.role, "follower");
    member.appendOne();
    member.core.campaign();
    assert.equal(member.status.role, "candidate");
  });

  for (const takeOver of [false, true]) {
    it(`wait for a committed configuration change${takeOver ? " when told to take over" : ""}`, () => {
      const net = cluster(3, { asyncStorageWrites: true });
      net.campaign(1);
      const [one, two] = [net.at(1), net.at(2)];
      one.core.proposeConfChange({
        transition: "auto",
        steps: [{ type: "add-learner", id: 4 }],
        context: bytes(""),
      });
      // 2 learns that the change is committed, and does not apply it.
      for (let round = 0; round < 4; round++) {
        const due = [...one.take(), ...net.at(3).take()];
        while (two.core.hasReady()) two.handleReady();
        while (two.appendWork.length > 0) two.appendOne();
        for (const m of [...due, ...two.outbox.splice(0)]) net.deliver(m);
      }
      assert.ok(two.status.commit > two.status.applied);
      if (takeOver) two.step(message("MsgTimeoutNow", 1, 2));
      else two.tick(20);
      assert.equal(two.status.role, "follower");
      while (two.core.hasReady() || two.applyWork.length > 0) {
        if (two.core.hasReady()) two.handleReady();
        else two.applyOne();
      }
      // What the leader asked for happens as soon as it may.
      if (!takeOver) two.core.campaign();
      assert.equal(two.status.role, "candidate");
    });
  }

  it("are refused to an old log and granted to a newer one, once per term", () => {
    const past = { entries: [entry(1, 1), entry(2, 2)], term: 2 };
    const cases: [number, number, number, boolean][] = [
      [0, 0, 0, false],
      [0, 1, 0, false],
      [0, 1, 1, false],
      [0, 9, 1, false],
      [0, 1, 2, false],
      [0, 2, 2, true],
      [0, 3, 2, true],
      [0, 1, 3, true],
      [1, 2, 2, true],
      [3, 2, 2, false],
    ];
    for (const [vote, index, logTerm, granted] of cases) {
      const member = new Member(2, conf([1, 2, 3]), {}, { ...past, vote });
      member.step(message("MsgVote", 1, 2, { term: 2, index, logTerm }));
      const [answer] = member.take();
      assert.equal(answer?.reject, !granted, `vote ${vote}, log ${logTerm}/${index}`);
      assert.equal(member.status.vote, granted ? 1 : vote);
    }
  });

  it("that are refused leave the voter's own timer running; a grant starts it anew", () => {
    for (const granted of [true, false]) {
      const past = { entries: [entry(1, 1)], term: 1 };
      const member = new Member(2, conf([1, 2, 3]), {}, past);
      member.core.setElectionTimeout(10);
      member.tick(9);
      // A new term draws a new timer; within it only a grant does.
      member.step(message("MsgVote", 1, 2, { term: 2, index: 0 }));
      member.core.setElectionTimeout(10);
      member.tick(5);
      member.step(
        message("MsgVote", 3, 2, { term: 2, index: granted ? 1 : 0, logTerm: granted ? 1 : 0 }),
      );
      member.tick(5);
      assert.equal(member.status.role, granted ? "follower" : "candidate");
    }
  });

  it("are answered in every role: a vote changes term and role, a survey nothing", () => {
    for (const type of ["MsgVote", "MsgPreVote"] as const) {
      for (const role of ["follower", "candidate", "pre-candidate", "leader"] as const) {
        const member = new Member(1, conf([1, 2, 3]), { preVote: role === "pre-candidate" });
        if (role === "leader") member.becomeLeader();
        else if (role === "follower") member.follow(3, 1);
        else member.core.campaign();
        member.take();
        const before = member.status;
        assert.equal(before.role, role);
        const term = before.term + 1;
        member.step(message(type, 2, 1, { term, index: 50, logTerm: term }));
        const [answer] = member.take();
        assert.equal(answer?.reject, false, `${type} to a ${role}`);
        assert.equal(answer.term, term);
        const after = member.status;
        if (type === "MsgVote")
          assert.deepEqual([after.role, after.term, after.vote], ["follower", term, 2]);
        else assert.deepEqual(after, before);
      }
    }
  });
});
