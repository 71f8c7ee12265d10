import assert from "node:assert/strict";
import { InvariantError } from "../../../lib/assert.ts";
import { encodeConfChange } from "../../../raft/core/conf-change-codec.ts";
import type { ConfChange, ConfChangeStep, Id } from "../../../raft/core/types.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster, Network } from "./network.ts";

const change = (
  steps: readonly ConfChangeStep[],
  transition: ConfChange["transition"] = "auto",
): ConfChange => ({ transition, steps, context: new Uint8Array(0) });

const add = (id: Id) => ({ type: "add-voter", id }) as const;
const learn = (id: Id) => ({ type: "add-learner", id }) as const;
const remove = (id: Id) => ({ type: "remove", id }) as const;

describe("membership", () => {
  it("changes by one entry at a time; a second change is refused until the first is applied", () => {
    const member = new Member(1, conf([1, 2]));
    member.becomeLeader();
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    member.take();
    const first = member.core.proposeConfChange(change([add(3)]));
    assert.deepEqual(first, { ok: true, term: 1, index: 2 });
    const second = member.core.proposeConfChange(change([add(4)]));
    assert.deepEqual(second, { ok: false, reason: "conf-pending", lead: 1 });
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    member.take();
    assert.deepEqual(member.status.config.voters, [1, 2, 3]);
    assert.equal(member.core.proposeConfChange(change([add(4)])).ok, true);
  });

  it("refuses what could not be applied, and appends an empty entry instead where asked to", () => {
    const refused: [ConfChange, ReturnType<typeof conf>, string][] = [
      [change([]), conf([1]), "joint-mismatch"],
      [change([add(2)]), conf([1], { votersOutgoing: [1] }), "joint-mismatch"],
      [change([remove(1)]), conf([1]), "conf-invalid"],
      [change([], "explicit"), conf([1], { votersOutgoing: [1] }), "conf-invalid"],
    ];
    for (const [wanted, config, reason] of refused) {
      const member = new Member(1, config);
      member.becomeLeader();
      member.take();
      const before = member.status.lastIndex;
      assert.deepEqual(member.core.proposeConfChange(wanted), { ok: false, reason, lead: 1 });
      assert.equal(member.status.lastIndex, before);
    }
    const lenient = new Member(1, conf([1]), { confChangeCheck: "empty-entry" });
    lenient.becomeLeader();
    lenient.take();
    assert.equal(lenient.core.proposeConfChange(change([])).ok, true);
    lenient.take();
    assert.deepEqual(lenient.log().at(-1), "1/2");
    const off = new Member(1, conf([1]), { confChangeCheck: "off" });
    off.becomeLeader();
    off.core.proposeConfChange(change([]));
    assert.throws(() => off.take(), InvariantError);
  });

  it("assumes on a new leader that a change may be pending up to the end of its log", () => {
    const past = { entries: [entry(1, 1), entry(1, 2)], term: 1 };
    const member = new Member(1, conf([1, 2]), {}, past);
    member.becomeLeader();
    const result = member.core.proposeConfChange(change([add(3)]));
    assert.equal(!result.ok && result.reason, "conf-pending");
    member.take();
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 3 }));
    member.take();
    assert.equal(member.core.proposeConfChange(change([add(3)])).ok, true);
  });

  it("adds and removes voters and learners, each known to all", () => {
    const net = cluster(1);
    net.campaign(1);
    const joined = (id: Id) => net.add(new Member(id, conf([1])));
    joined(2);
    net.change(1, [learn(2)]);
    assert.deepEqual(net.at(2).status.config, conf([1], { learners: [2] }));
    net.change(1, [add(2)]);
    assert.deepEqual(net.at(2).status.config, conf([1, 2]));
    net.change(1, [learn(2)]);
    net.change(1, [remove(2)]);
    assert.deepEqual(net.at(1).status.config, conf([1]));
    assert.deepEqual(
      net.at(1).status.progress.map(({ id }) => id),
      [1],
    );
    // Nobody is left to be removed.
    assert.equal(net.change(1, [remove(1)]).ok, false);
  });

  it("commits at once what a smaller quorum already holds", () => {
    const net = cluster(2);
    net.campaign(1);
    const one = net.at(1);
    one.core.proposeConfChange(change([remove(2)]));
    one.core.propose([bytes("x")]);
    one.take();
    one.step(message("MsgAppResp", 2, 1, { index: 2 }));
    one.take();
    assert.deepEqual(one.appliedTexts, ["x"]);
  });

  it("probes new members without waiting for a heartbeat", () => {
    const member = new Member(1, conf([1]));
    member.becomeLeader();
    member.take();
    member.core.proposeConfChange(change([learn(2)]));
    assert.deepEqual(
      member.take().map((m) => [m.type, m.to]),
      [["MsgApp", 2]],
    );
  });

  it("passes through a joint configuration and leaves it on its own, once", () => {
    const net = cluster(3);
    net.campaign(1);
    for (const id of [4, 5]) net.add(new Member(id, conf([1, 2, 3])));
    net.change(1, [add(4), add(5), remove(2), learn(3)]);
    const wanted = conf([1, 4, 5], { learners: [3] });
    for (const id of [1, 3, 4, 5]) assert.deepEqual(net.at(id).status.config, wanted);
    const changes = net
      .at(1)
      .disk.all()
      .filter(({ type }) => type === "conf-change");
    assert.equal(changes.length, 2);
    assert.equal(changes[1]?.data.length, 0);
  });

  it("proposes the way out once, however much is applied before it is committed", () => {
    const member = new Member(1, conf([1, 2, 3]), { confChangeCheck: "off" });
    member.becomeLeader();
    member.take();
    member.core.proposeConfChange(change([learn(3)], "implicit"));
    for (const word of ["a", "b", "c"]) member.core.propose([bytes(word)]);
    member.take();
    for (let index = 1; index <= 5; index++) {
      member.step(message("MsgAppResp", 2, 1, { index }));
      member.take();
    }
    assert.deepEqual(member.appliedTexts, ["a", "b", "c"]);
    assert.equal(member.status.lastIndex, 6);
  });

  it("stays joint until told otherwise when asked to be explicit", () => {
    const net = cluster(3);
    net.campaign(1);
    net.change(1, [learn(3)], { transition: "explicit" });
    const joint = conf([1, 2], { votersOutgoing: [1, 2, 3], learnersNext: [3] });
    assert.deepEqual(net.at(1).status.config, joint);
    net.tick(1, 5);
    assert.deepEqual(net.at(2).status.config, joint);
    net.change(1, []);
    assert.deepEqual(net.at(2).status.config, conf([1, 2], { learners: [3] }));
  });

  it("needs both halves to commit, to elect and to go on leading while joint", () => {
    const config = conf([1, 2, 3], { votersOutgoing: [1, 4, 5] });
    const member = new Member(1, config);
    member.core.campaign();
    member.take();
    for (const from of [2, 3]) member.step(message("MsgVoteResp", from, 1));
    assert.equal(member.status.role, "candidate");
    member.step(message("MsgVoteResp", 4, 1));
    assert.equal(member.status.role, "leader");
    member.take();
    for (const from of [2, 3]) member.step(message("MsgAppResp", from, 1, { index: 1 }));
    assert.equal(member.status.commit, 0);
    member.step(message("MsgAppResp", 5, 1, { index: 1 }));
    assert.equal(member.status.commit, 1);
  });

  it("is left by the next leader when the one that entered is lost", () => {
    const net = cluster(5);
    net.campaign(1);
    const one = net.at(1);
    one.core.proposeConfChange(change([learn(3)], "implicit"));
    // Everybody applies the entry into the joint configuration, nobody gets the way out.
    for (let round = 0; round < 10; round++) {
      net.work();
      for (const m of net.queue.splice(0)) {
        const out = m.entries.some(({ type, data }) => type === "conf-change" && data.length === 0);
        if (!out) net.deliver(m);
      }
    }
    for (const id of [2, 3, 4, 5]) assert.equal(net.at(id).status.config.autoLeave, true);
    net.stop(1);
    net.campaign(2);
    assert.deepEqual(net.at(2).status.config, conf([1, 2, 4, 5], { learners: [3] }));
  });

  it("is not left before it was committed under both halves, though it is in the log", () => {
    // A member comes back with the way into a joint configuration in its log, uncommitted.
    const data = encodeConfChange(change([add(4), add(5)]));
    const entries = [{ term: 1, index: 1, type: "conf-change", data } as const];
    const member = new Member(1, conf([1, 2, 3]), {}, { entries, term: 1 });
    member.becomeLeader();
    member.take();
    assert.equal(member.status.lastIndex, 2);
    assert.deepEqual(member.status.config, conf([1, 2, 3]));
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 2 }));
    member.take();
    // Now it is in force; the proposal to leave it goes to all at once, and waits for both.
    assert.equal(member.status.config.autoLeave, true);
    assert.equal(member.status.lastIndex, 3);
    member.step(message("MsgAppResp", 2, 1, { term: 2, index: 3 }));
    assert.equal(member.status.commit, 2);
  });

  it("tells all at once of the way out of a joint configuration", () => {
    const member = new Member(1, conf([1, 2, 3]));
    member.becomeLeader();
    member.take();
    for (const from of [2, 3]) member.step(message("MsgAppResp", from, 1, { index: 1 }));
    member.take();
    member.core.proposeConfChange(change([learn(3)], "implicit"));
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    const sent = member.take().filter((m) => m.entries.some(({ index }) => index === 3));
    assert.deepEqual(
      sent.map((m) => m.to),
      [2, 3],
    );
  });

  it("is left once a transfer that stood in the way is given up", () => {
    const net = cluster(3);
    net.campaign(1);
    const one = net.at(1);
    net.stop(3);
    one.core.proposeConfChange(change([learn(4)], "implicit"));
    net.work();
    one.core.transferLeader(3);
    net.settle();
    assert.equal(one.status.config.autoLeave, true);
    assert.equal(one.status.transferee, 3);
    net.tick(1, 10);
    assert.deepEqual(one.status.config, conf([1, 2, 3], { learners: [4] }));
  });

  it("does not count a leader that removed itself, which goes on where asked to stay", () => {
    const net = cluster(3, { onRemoval: "stay" });
    net.campaign(1);
    net.change(1, [remove(1)]);
    assert.equal(net.at(1).status.role, "leader");
    assert.deepEqual(net.at(1).core.propose([bytes("x")]), {
      ok: false,
      reason: "removed",
      lead: 1,
    });
  });

  it("makes a removed leader step down and hand over at once", () => {
    const net = cluster(3, {
      onRemoval: "hand-over",
      tellCommit: true,
      checkQuorum: true,
      preVote: true,
    });
    net.campaign(1);
    net.change(1, [remove(1)]);
    assert.equal(net.at(1).status.role, "follower");
    assert.deepEqual(net.at(1).status.config.voters, [2, 3]);
    // No clock ticked.
    assert.notEqual(net.leader.id, 1);
    assert.equal(net.propose(net.leader.id, "x").ok, true);
    net.campaign(1);
    assert.equal(net.at(1).status.role, "follower");
  });

  it("makes a demoted leader step down too, and wait for a timeout where asked to", () => {
    const net = cluster(3, { onRemoval: "step-down" });
    net.campaign(1);
    net.change(1, [learn(1)]);
    assert.deepEqual(
      [...net.members.values()].map(({ status }) => status.role),
      ["follower", "follower", "follower"],
    );
    net.tick(2, 20);
    assert.notEqual(net.leader.id, 1);
  });

  it("ends in the same configuration after a restart in the middle", () => {
    const net = cluster(3);
    net.campaign(1);
    net.change(1, [learn(3)], { transition: "explicit" });
    net.at(2).restart();
    assert.deepEqual(net.at(2).status.config, net.at(1).status.config);
    net.tick(1);
    net.change(1, []);
    assert.deepEqual(net.at(2).status.config, conf([1, 2], { learners: [3] }));
  });

  it("does not answer members it does not know", () => {
    const member = new Member(1, conf([1, 2]));
    member.becomeLeader();
    member.take();
    for (const type of [
      "MsgAppResp",
      "MsgHeartbeatResp",
      "MsgVoteResp",
      "MsgPreVoteResp",
    ] as const) {
      assert.equal(member.step(message(type, 9, 1)), "peer-not-found");
    }
    assert.equal(new Network([member]).at(1).status.role, "leader");
  });
});
