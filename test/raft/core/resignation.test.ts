import assert from "node:assert/strict";
import type { Options } from "./member.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster } from "./network.ts";
import type { Network } from "./network.ts";

const HAND_OVER: Options = { onRemoval: "hand-over", tellCommit: true, electionTicks: 10 };
const DEMOTE = { type: "add-learner", id: 1 } as const;
const REMOVE = { type: "remove", id: 1 } as const;

/** Members of which 1 leads and has applied a change that takes it out; nobody else knows. */
function takenOut(count: number, options: Options, step: typeof DEMOTE | typeof REMOVE): Network {
  const net = cluster(count, options);
  net.campaign(1);
  const one = net.at(1);
  one.core.proposeConfChange({ transition: "auto", steps: [step], context: bytes("") });
  net.work();
  for (const m of net.queue.splice(0)) net.deliver(m);
  // Their acknowledgements arrive; what 1 says from now on does not. It also has one entry more.
  for (let id = 2; id <= count; id++) net.cut(1, id);
  one.core.propose([bytes("tail")]);
  net.settle();
  assert.ok(one.status.commit >= 2 && one.status.lastIndex === 3, "1 knows, with a longer log");
  assert.deepEqual(net.at(2).status.config.voters.includes(1), true);
  return net;
}

describe("a leader that a change took out", () => {
  for (const step of [DEMOTE, REMOVE]) {
    it(`leads on until those who stay know of it (${step.type})`, () => {
      const net = takenOut(2, HAND_OVER, step);
      assert.equal(net.at(1).status.role, "leader");
      const refused = net.at(1).core.propose([bytes("x")]);
      assert.equal(refused.ok, false);
      net.heal();
      net.tick(1);
      // Without a tick of its own clock: 2 was told to take over.
      assert.deepEqual([net.at(1).status.role, net.at(2).status.role], ["follower", "leader"]);
      assert.deepEqual(net.at(2).status.config.voters, [2]);
      assert.equal(net.propose(2, "y").ok, true);
    });
  }

  it("waits for a quorum of those who stay, not for all and not for one", () => {
    const net = takenOut(4, HAND_OVER, REMOVE);
    net.heal();
    net.stop(3, 4);
    net.tick(1, 2);
    assert.equal(net.at(1).status.role, "leader");
    net.heal();
    net.stop(4);
    net.tick(1, 2);
    assert.equal(net.at(1).status.role, "follower");
    assert.notEqual(net.leader.id, 1);
    assert.deepEqual(net.leader.status.config, conf([2, 3, 4]));
  });

  it("waits no longer than an election timeout", () => {
    const net = takenOut(3, HAND_OVER, DEMOTE);
    net.tick(1, 9);
    assert.equal(net.at(1).status.role, "leader");
    net.tick(1, 1);
    assert.equal(net.at(1).status.role, "follower");
  });

  it("hands over to one that knows, though another has more of the log", () => {
    const net = takenOut(4, HAND_OVER, REMOVE);
    const one = net.at(1);
    const { term } = one.status;
    // 3 has acknowledged everything but not learnt of the commit; 2 and 4 have.
    one.step(message("MsgAppResp", 3, 1, { term, index: 3, commit: 1 }));
    one.step(message("MsgHeartbeatResp", 4, 1, { term, commit: 2 }));
    assert.equal(one.status.role, "leader");
    one.step(message("MsgHeartbeatResp", 2, 1, { term, commit: 2 }));
    assert.equal(one.status.role, "follower");
    const told = one.take().filter(({ type }) => type === "MsgTimeoutNow");
    assert.equal(told.length, 1);
    assert.ok([2, 4].includes(told[0]!.to), `${told[0]!.to} was told`);
  });

  it("does not resign once a later change has brought it back", () => {
    const net = takenOut(2, { ...HAND_OVER, confChangeCheck: "off" }, DEMOTE);
    const one = net.at(1);
    one.core.applyConfChange({
      transition: "auto",
      steps: [{ type: "add-voter", id: 1 }],
      context: bytes(""),
    });
    net.tick(1, 11);
    assert.equal(one.status.role, "leader");
  });
});

describe("a candidate that a demoted leader refuses", () => {
  const crashed: Options = { onRemoval: "step-down", preVote: true };

  for (const preVote of [true, false]) {
    it(`learns that it needs no vote of it (${preVote ? "surveys" : "votes"})`, () => {
      // The leader is gone before anybody knew, as if it had been restarted.
      const net = takenOut(2, { ...crashed, preVote, tellCommit: true }, DEMOTE);
      assert.equal(net.at(1).status.role, "follower");
      net.heal();
      net.campaign(2);
      assert.equal(net.at(2).status.role, "follower");
      assert.deepEqual(net.at(2).status.config, conf([2], { learners: [1] }));
      net.campaign(2);
      assert.equal(net.at(2).status.role, "leader");
      assert.equal(net.propose(2, "x").ok, true);
      assert.deepEqual(net.at(1).log(), net.at(2).log());
    });
  }

  it("would never be elected if it were not told (etcd 12359)", () => {
    const net = takenOut(2, { ...crashed, tellCommit: false }, DEMOTE);
    net.heal();
    for (let round = 0; round < 5; round++) {
      net.campaign(2);
      net.campaign(1);
    }
    assert.deepEqual(
      [...net.members.values()].map(({ status }) => status.role),
      ["follower", "follower"],
    );
  });

  it("believes only what its own log bears out", () => {
    const past = { entries: [entry(1, 1), entry(1, 2)], term: 1 };
    const two = new Member(2, conf([1, 2, 3]), { tellCommit: true }, past);
    two.core.campaign();
    two.take();
    const say = (commit: number, logTerm: number): void => {
      two.step(message("MsgVoteResp", 3, 2, { term: 2, reject: true, commit, logTerm }));
    };
    say(2, 2);
    say(5, 1);
    assert.equal(two.status.commit, 0);
    say(2, 1);
    assert.equal(two.status.commit, 2);
    assert.equal(two.status.role, "candidate");
  });
});
