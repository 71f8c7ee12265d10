import assert from "node:assert/strict";
import { bytes, conf, Member, message } from "./member.ts";
import { cluster } from "./network.ts";
import type { Network } from "./network.ts";

/** Three members, 1 leads. */
function group(options = {}): Network {
  const net = cluster(3, options);
  net.campaign(1);
  return net;
}

/** Three members, 1 leads; 3 missed an entry and is reachable again. */
function groupWithSlow(options = {}): Network {
  const net = group(options);
  net.isolate(3);
  net.propose(1, "x");
  net.heal();
  return net;
}

function transfer(net: Network, from: number, to: number): void {
  net.at(from).core.transferLeader(to);
  net.settle();
}

const leaders = (net: Network) =>
  [...net.members.values()].filter(({ status }) => status.role === "leader").map(({ id }) => id);

describe("leadership transfer", () => {
  for (const [name, options] of [
    ["", {}],
    [" against live leases", { checkQuorum: true, preVote: true }],
  ] as const) {
    it(`to an up-to-date member happens at once${name}, asked at the leader or a follower`, () => {
      const net = group(options);
      transfer(net, 1, 2);
      assert.deepEqual(leaders(net), [2]);
      assert.equal(net.at(1).status.role, "follower");
      net.propose(2, "x");
      // 1 is now a follower: it passes the wish on.
      transfer(net, 1, 1);
      assert.deepEqual(leaders(net), [1]);
    });
  }

  it("to a slow member waits until it has caught up", () => {
    const net = groupWithSlow();
    assert.equal(net.at(1).peer(3).match, 1);
    transfer(net, 1, 3);
    assert.deepEqual(leaders(net), [3]);
  });

  it("to a member that needs a snapshot waits for that too", () => {
    const net = groupWithSlow();
    net.at(1).compact();
    net.at(1).tick();
    net.settle();
    transfer(net, 1, 3);
    assert.deepEqual(leaders(net), [3]);
    assert.equal(net.at(3).status.applied, net.at(1).status.applied);
  });

  it("to itself, to an unknown member or to a learner is ignored", () => {
    const net = group();
    for (const to of [1, 9]) {
      transfer(net, 1, to);
      assert.deepEqual(leaders(net), [1]);
      assert.equal(net.at(1).status.transferee, 0);
    }
    const member = new Member(1, conf([1, 2], { learners: [3] }));
    member.becomeLeader();
    member.core.transferLeader(3);
    assert.equal(member.status.transferee, 0);
  });

  it("is given up after one election timeout", () => {
    const net = group();
    net.isolate(3);
    net.propose(1, "x");
    // Whenever it begins, it has the whole time.
    net.at(1).tick(5);
    transfer(net, 1, 3);
    assert.equal(net.at(1).status.transferee, 3);
    net.at(1).tick(9);
    assert.equal(net.at(1).status.transferee, 3);
    net.at(1).tick();
    assert.equal(net.at(1).status.transferee, 0);
    assert.deepEqual(leaders(net), [1]);
  });

  it("lets no proposal pass while it runs, and says so", () => {
    const net = group();
    net.isolate(3);
    net.propose(1, "x");
    transfer(net, 1, 3);
    const before = net.at(1).status.lastIndex;
    const result = net.at(1).core.propose([bytes("y")]);
    assert.deepEqual(result, { ok: false, reason: "transferring", lead: 1 });
    assert.equal(net.at(1).status.lastIndex, before);
    net.at(1).core.transferLeader(1);
    assert.equal(net.at(1).core.propose([bytes("y")]).ok, true);
  });

  it("ends when somebody else is elected", () => {
    const net = group();
    net.isolate(3);
    net.propose(1, "x");
    transfer(net, 1, 3);
    net.campaign(2);
    assert.deepEqual(leaders(net), [2]);
    assert.equal(net.at(1).status.transferee, 0);
  });

  for (const type of ["remove", "add-learner"] as const) {
    it(`ends when a change (${type}) takes its target out of the voters`, () => {
      const net = group();
      // The change is committed, and applied only after the transfer has begun.
      const one = net.at(1);
      one.core.proposeConfChange({
        transition: "auto",
        steps: [{ type, id: 3 }],
        context: bytes(""),
      });
      one.take();
      net.stop(3);
      one.core.transferLeader(3);
      assert.equal(one.status.transferee, 3);
      one.step(message("MsgAppResp", 2, 1, { index: 2 }));
      net.settle();
      assert.equal(one.status.transferee, 0);
      assert.deepEqual(leaders(net), [1]);
    });
  }

  it("to the leader itself takes a running one back", () => {
    const net = group();
    net.isolate(3);
    net.propose(1, "x");
    transfer(net, 1, 3);
    transfer(net, 1, 1);
    assert.equal(net.at(1).status.transferee, 0);
    assert.equal(net.propose(1, "y").ok, true);
  });

  it("to another target replaces a running one; to the same it gains no time", () => {
    const net = group();
    net.isolate(3);
    net.propose(1, "x");
    transfer(net, 1, 3);
    transfer(net, 1, 2);
    assert.deepEqual(leaders(net), [2]);
    const again = group();
    again.isolate(3);
    again.propose(1, "x");
    transfer(again, 1, 3);
    again.at(1).tick(5);
    transfer(again, 1, 3);
    again.at(1).tick(5);
    assert.equal(again.at(1).status.transferee, 0);
  });

  it("does nothing on a member that is no longer part of the group, votes or not", () => {
    const member = new Member(1, conf([2, 3, 4]));
    member.step(message("MsgTimeoutNow", 2, 1));
    for (const from of [2, 3]) member.step(message("MsgVoteResp", from, 1));
    assert.equal(member.status.role, "follower");
    assert.deepEqual(member.take(), []);
  });

  it("is not taken up by a member that is campaigning already", () => {
    const member = new Member(1, conf([1, 2, 3]));
    member.core.campaign();
    member.take();
    member.step(message("MsgTimeoutNow", 2, 1));
    assert.equal(member.status.term, 1);
    assert.deepEqual(member.take(), []);
  });

  it("can be done without a successor, within the term; others elect one in time", () => {
    const net = group();
    net.at(1).core.stepDown();
    net.settle();
    const { role, term, lead, vote } = net.at(1).status;
    assert.deepEqual([role, term, lead, vote], ["follower", 1, 0, 1]);
    net.tick(2, 20);
    assert.deepEqual(leaders(net), [2]);
    // On a follower it means nothing.
    net.at(3).core.stepDown();
    assert.equal(net.at(3).status.lead, 2);
  });
});
