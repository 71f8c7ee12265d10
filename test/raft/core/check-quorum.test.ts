import assert from "node:assert/strict";
import { conf, Member, message } from "./member.ts";
import { cluster, Network } from "./network.ts";

const CHECK = { checkQuorum: true };

describe("CheckQuorum", () => {
  it("keeps a leader that hears a quorum, and ends one that does not within two timeouts", () => {
    for (const answered of [true, false]) {
      const member = new Member(1, conf([1, 2, 3]), CHECK);
      member.becomeLeader();
      for (let i = 0; i < 21; i++) {
        if (answered) {
          member.step(message("MsgHeartbeatResp", 2, 1, { term: member.status.term }));
        }
        member.tick();
      }
      assert.equal(member.status.role, answered ? "leader" : "follower");
      assert.equal(member.status.lead, answered ? 1 : 0);
    }
  });

  it("makes followers refuse votes while they hear a leader, and grant them afterwards", () => {
    const net = cluster(3, CHECK);
    net.campaign(1);
    net.at(3).core.campaign();
    net.settle();
    assert.equal(net.at(3).status.role, "candidate");
    assert.equal(net.at(1).status.role, "leader");
    // 2 has not heard of the leader for a timeout.
    net.at(2).core.setElectionTimeout(30);
    net.at(2).tick(10);
    net.campaign(3);
    assert.equal(net.at(3).status.role, "leader");
  });

  it("lets elections work when no promise is left", () => {
    const net = cluster(3, CHECK);
    net.campaign(1);
    net.stop(1);
    for (const id of [2, 3]) {
      net.at(id).core.setElectionTimeout(30);
      net.at(id).tick(10);
    }
    net.campaign(3);
    assert.equal(net.at(3).status.role, "leader");
    assert.equal(net.at(2).status.lead, 3);
  });

  it("frees a stuck candidate of a higher term by making the leader step down", () => {
    const net = cluster(3, CHECK);
    net.campaign(1);
    net.isolate(3);
    net.campaign(3);
    net.campaign(3);
    const { term } = net.at(3).status;
    assert.ok(term > net.at(1).status.term);
    net.heal();
    // The others refuse it votes; the heartbeat's answer tells the leader of the term.
    net.tick(1);
    assert.deepEqual([net.at(1).status.role, net.at(1).status.term], ["follower", term]);
    assert.equal(net.at(3).status.term, term);
    // Having heard no leader of the new term, the others vote again.
    net.campaign(1);
    assert.equal(net.at(1).status.role, "leader");
    assert.equal(net.at(3).status.lead, 1);
  });

  it("leaves a member that is not in its own configuration a plain follower", () => {
    const net = new Network([new Member(1, conf([1]), CHECK), new Member(2, conf([1]), CHECK)]);
    net.campaign(1);
    net.at(2).follow(1, 1);
    net.at(2).tick(40);
    net.settle();
    assert.equal(net.at(2).status.role, "follower");
    assert.equal(net.at(2).status.lead, 1);
  });

  for (const preVote of [false, true]) {
    it(`${preVote ? "with" : "without"} surveys a slow follower ${preVote ? "does not depose" : "deposes"} the leader`, () => {
      const net = cluster(3, { ...CHECK, preVote });
      net.campaign(1);
      // 3 hears nothing for long, then its requests get through.
      net.cut(1, 3);
      net.at(3).core.setElectionTimeout(12);
      net.at(3).tick(12);
      net.settle();
      net.heal();
      net.tick(1);
      const { role, term } = net.at(1).status;
      assert.equal(role, preVote ? "leader" : "follower");
      assert.equal(term, preVote ? 1 : 2);
    });
  }

  it("counts a new peer as active, so that adding one deposes nobody", () => {
    const net = cluster(1, CHECK);
    net.campaign(1);
    net.at(1).tick(9);
    net.change(1, [{ type: "add-voter", id: 2 }]);
    net.at(1).tick();
    assert.equal(net.at(1).status.role, "leader");
    net.at(1).tick(10);
    assert.equal(net.at(1).status.role, "follower");
  });

  it("makes a pre-candidate forget its leader, so that it does not refuse the others", () => {
    const net = cluster(3, { ...CHECK, preVote: true });
    net.campaign(1);
    net.stop(1);
    for (const id of [2, 3]) {
      net.at(id).core.setElectionTimeout(10);
      net.at(id).tick(10);
    }
    net.settle();
    for (let round = 0; round < 5; round++) {
      if ([2, 3].some((id) => net.at(id).status.role === "leader")) break;
      for (const id of [2, 3]) net.tick(id, 10 + id);
    }
    assert.ok([2, 3].some((id) => net.at(id).status.role === "leader"));
  });

  it("is asked of both halves of a joint configuration", () => {
    const member = new Member(1, conf([1, 2, 3], { votersOutgoing: [1, 4, 5] }), CHECK);
    member.becomeLeader();
    for (let i = 0; i < 21; i++) {
      // All of the new half, nobody else of the old one.
      for (const from of [2, 3]) member.step(message("MsgHeartbeatResp", from, 1));
      member.tick();
    }
    assert.equal(member.status.role, "follower");
  });

  it("lets a follower that forgot its leader vote at once", () => {
    for (const forget of [false, true]) {
      const net = cluster(3, { ...CHECK, preVote: true });
      net.campaign(1);
      if (forget) net.at(2).core.forgetLeader();
      net.campaign(3);
      assert.equal(net.at(3).status.role, forget ? "leader" : "pre-candidate");
    }
  });

  it("keeps the term and the timer of a member that forgets, and its leader may come back", () => {
    const net = cluster(3, CHECK);
    net.campaign(1);
    net.at(2).core.forgetLeader();
    assert.deepEqual([net.at(2).status.term, net.at(2).status.lead], [1, 0]);
    net.tick(1);
    assert.equal(net.at(2).status.lead, 1);
    // On a leader it means nothing.
    net.at(1).core.forgetLeader();
    assert.equal(net.at(1).status.lead, 1);
  });
});
