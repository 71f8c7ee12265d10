import assert from "node:assert/strict";
import { InvariantError } from "../../../lib/assert.ts";
import type { MessageType } from "../../../raft/core/message.ts";
import { conf, entry, Member, message } from "./member.ts";
import { cluster, Network } from "./network.ts";

const ROLES = ["follower", "pre-candidate", "candidate", "leader"] as const;

/** Member 1 of three in the given role, at term 1 (a pre-candidate at term 0). */
function inRole(role: (typeof ROLES)[number]): Member {
  const member = new Member(1, conf([1, 2, 3]), { preVote: role === "pre-candidate" });
  if (role === "leader") member.becomeLeader();
  else if (role === "follower") member.follow(2, 1);
  else member.core.campaign();
  member.take();
  assert.equal(member.status.role, role);
  return member;
}

describe("terms (Raft §5.1)", () => {
  it("start with a follower that knows no leader", () => {
    const { status } = new Member(1, conf([1, 2, 3]));
    assert.deepEqual([status.role, status.lead, status.term], ["follower", 0, 0]);
  });

  for (const role of ROLES) {
    it(`of an append make a ${role} follow the higher one's leader`, () => {
      const member = inRole(role);
      member.step(message("MsgApp", 3, 1, { term: 4 }));
      const { status } = member;
      assert.deepEqual([status.role, status.term, status.lead], ["follower", 4, 3]);
    });

    it(`of a vote request make a ${role} a follower without a leader`, () => {
      const member = inRole(role);
      member.step(message("MsgVote", 3, 1, { term: 4 }));
      const { status } = member;
      assert.deepEqual([status.role, status.term, status.lead], ["follower", 4, 0]);
    });

    it(`that are over reach no ${role}`, () => {
      const member = inRole(role);
      member.step(message("MsgHeartbeat", 2, 1, { term: 9 }));
      member.take();
      const before = member.status;
      for (const type of ["MsgApp", "MsgAppResp", "MsgHeartbeat", "MsgVote", "MsgSnap"] as const) {
        const snapshot = type === "MsgSnap" ? { index: 9, term: 8, confState: conf([1]) } : null;
        member.step(message(type, 3, 1, { term: 8, snapshot }));
      }
      assert.deepEqual(member.status, before);
      // Where surveys are on, a leader left behind is told of the term, and no more.
      const told = role === "pre-candidate" ? ["MsgAppResp", "MsgAppResp"] : [];
      assert.deepEqual(
        member.take().map((m) => m.type),
        told,
      );
    });
  }

  for (const role of ["candidate", "pre-candidate"] as const) {
    for (const type of ["MsgApp", "MsgHeartbeat", "MsgSnap"] as const) {
      it(`held by both make a ${role} follow whoever sends ${type}`, () => {
        const member = inRole(role);
        const term = Math.max(1, member.status.term);
        const snapshot = type === "MsgSnap" ? { index: 9, term, confState: conf([1, 2]) } : null;
        member.step(message(type, 2, 1, { term, snapshot }));
        assert.deepEqual([member.status.role, member.status.lead], ["follower", 2]);
      });
    }
  }

  it("keep the vote on a step-down within the term, and free it with a new one", () => {
    const member = inRole("candidate");
    assert.equal(member.status.vote, 1);
    member.step(message("MsgApp", 2, 1));
    assert.equal(member.status.vote, 1);
    member.step(message("MsgVote", 3, 1));
    assert.equal(member.take().findLast((m) => m.type === "MsgVoteResp")?.reject, true);
    member.step(message("MsgApp", 2, 1, { term: 2 }));
    assert.equal(member.status.vote, 0);
  });

  it("bring a partitioned candidate back at a common term, by heartbeat or append", () => {
    for (const type of ["MsgHeartbeat", "MsgApp"] as const satisfies readonly MessageType[]) {
      const net = cluster(3);
      net.campaign(1);
      net.isolate(3);
      net.campaign(3);
      net.campaign(3);
      assert.equal(net.at(3).status.role, "candidate");
      net.heal();
      if (type === "MsgHeartbeat") net.tick(1);
      else net.propose(1, "x");
      // Without CheckQuorum the higher term is met at the candidate's next request.
      net.campaign(3);
      net.campaign(1);
      const terms = [...net.members.values()].map(({ status }) => status.term);
      assert.equal(new Set(terms).size, 1);
      assert.equal(net.leader.status.term, terms[0]);
    }
  });

  it("make two leaders of one term stop the node instead of guessing", () => {
    const leader = inRole("leader");
    assert.throws(() => leader.step(message("MsgApp", 2, 1)), InvariantError);
    const follower = inRole("follower");
    assert.throws(() => follower.step(message("MsgHeartbeat", 3, 1)), InvariantError);
  });

  it("make a commit beyond the log, or a conflict below it, stop the node", () => {
    const short = new Member(1, conf([1, 2]), {}, { entries: [entry(1, 1)], term: 1 });
    assert.throws(() => short.step(message("MsgHeartbeat", 2, 1, { commit: 5 })), InvariantError);
    const past = { entries: [entry(1, 1), entry(1, 2)], term: 1, commit: 2 };
    assert.throws(() => {
      const member = new Member(1, conf([1, 2]), {}, past);
      member.step(message("MsgApp", 2, 1, { term: 2, index: 2, logTerm: 1, commit: 9 }));
      member.step(message("MsgApp", 2, 1, { term: 2, entries: [entry(2, 1), entry(2, 2)] }));
      member.step(message("MsgHeartbeat", 2, 1, { term: 2, commit: 9 }));
    }, InvariantError);
    assert.throws(() => new Member(1, conf([1]), {}, { commit: 7 }), InvariantError);
  });

  it("free two members of different terms to elect a leader together (surveys on)", () => {
    const net = cluster(3, { preVote: true });
    net.campaign(1);
    net.isolate(3);
    net.propose(1, "x");
    net.campaign(1);
    // 2 moves on to a higher term with 1 gone and 3 behind.
    net.at(2).step(message("MsgHeartbeat", 1, 2, { term: 3 }));
    net.heal();
    net.stop(1);
    for (let round = 0; round < 4; round++) {
      net.campaign(3);
      net.campaign(2);
    }
    assert.equal(net.leader.id, 2);
    assert.equal(net.at(3).status.lead, 2);
  });

  it("of a survey that are over are told so, for silence would block both sides", () => {
    const member = new Member(1, conf([1, 2, 3]), { preVote: true }, { term: 5 });
    member.step(message("MsgPreVote", 2, 1, { term: 3, index: 9, logTerm: 3 }));
    assert.deepEqual(
      member.take().map((m) => [m.type, m.term, m.reject]),
      [["MsgPreVoteResp", 5, true]],
    );
    const asker = new Member(2, conf([1, 2, 3]), { preVote: true }, { term: 2 });
    asker.core.campaign();
    asker.step(message("MsgPreVoteResp", 1, 2, { term: 5, reject: true }));
    assert.deepEqual([asker.status.role, asker.status.term], ["follower", 5]);
  });

  it("free a stuck member of a higher term through the leader (mixed surveys)", () => {
    // 3 campaigned without surveys before they were switched on.
    const [one, two] = [1, 2].map((id) => new Member(id, conf([1, 2, 3]), { preVote: true }));
    const three = new Member(3, conf([1, 2, 3]), { preVote: true }, { term: 5 });
    const net = new Network([one!, two!, three]);
    net.isolate(3);
    net.campaign(1);
    net.propose(1, "x");
    net.heal();
    net.campaign(3);
    // 3 refuses nothing and wins nothing; a heartbeat tells the leader of its term.
    net.tick(1);
    assert.equal(net.at(1).status.role, "follower");
    assert.ok(net.at(1).status.term >= 5);
    net.campaign(1);
    assert.equal(net.at(1).status.role, "leader");
    assert.equal(net.at(3).status.lead, 1);
    assert.deepEqual(net.at(3).log(), net.at(1).log());
  });

  it("complete an election in a mixed cluster where only some survey first", () => {
    const options = [false, true, true].map((preVote) => ({ preVote }));
    const net = new Network(options.map((o, i) => new Member(i + 1, conf([1, 2, 3]), o)));
    net.campaign(1);
    net.stop(1);
    for (let round = 0; round < 3; round++) net.campaign(round % 2 === 0 ? 2 : 3);
    assert.notEqual(net.leader.id, 1);
  });

  it("succeed in the next round after a vote that was split", () => {
    const net = cluster(3, { preVote: true });
    net.campaign(1);
    net.stop(1);
    // Both survey at once, both win it, both lose the vote.
    net.at(2).core.campaign();
    net.at(3).core.campaign();
    net.settle();
    assert.deepEqual(
      [2, 3].map((id) => net.at(id).status.role),
      ["candidate", "candidate"],
    );
    net.campaign(2);
    assert.equal(net.at(2).status.role, "leader");
    assert.equal(net.at(3).status.lead, 2);
  });
});
