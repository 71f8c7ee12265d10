import assert from "node:assert/strict";
import { InvariantError } from "../../../lib/assert.ts";
import { ENTRY_OVERHEAD_BYTES } from "../../../raft/core/entry-size.ts";
import { RaftState } from "../../../raft/core/state.ts";
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
} from "../../../raft/core/roles.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster } from "./network.ts";

describe("a member that comes back", () => {
  it("is a follower of its old term, keeps its vote, and hands out what was committed", () => {
    const entries = [entry(1, 1, "a"), entry(1, 2, "b"), entry(2, 3, "c")];
    const member = new Member(1, conf([1, 2, 3]), {}, { entries, term: 2, vote: 3, commit: 2 });
    const { role, lead, term, vote, commit } = member.status;
    assert.deepEqual([role, lead, term, vote, commit], ["follower", 0, 2, 3, 2]);
    const ready = member.handleReady();
    assert.deepEqual([ready.softState, ready.hardState, ready.mustSync], [null, null, false]);
    assert.deepEqual(member.appliedTexts, ["a", "b"]);
    assert.equal(member.core.hasReady(), false);
    // The vote of before the crash still counts.
    member.step(message("MsgVote", 2, 1, { term: 2, index: 9, logTerm: 2 }));
    assert.equal(member.take()[0]?.reject, true);
  });

  it("goes on from its snapshot, its configuration and what its state machine has applied", () => {
    const confState = conf([1, 2], { learners: [3] });
    const snapshot = { index: 10, term: 2, confState };
    const entries = [entry(2, 11, "a"), entry(2, 12, "b")];
    const member = new Member(1, conf([9]), {}, { snapshot, entries, term: 2, commit: 12 });
    assert.deepEqual(member.status.config, confState);
    member.take();
    assert.deepEqual(member.appliedTexts, ["a", "b"]);
    member.appliedIndex = 11;
    member.applied.length = 0;
    member.restart();
    assert.equal(member.status.applied, 11);
    member.take();
    assert.deepEqual(member.appliedTexts, ["b"]);
  });

  it("trusts its state machine's position over an older commit index, never its log's end", () => {
    const entries = [1, 2, 3].map((index) => entry(1, index));
    const member = new Member(1, conf([1, 2]), {}, { entries, term: 1, commit: 1 });
    member.appliedIndex = 2;
    member.restart();
    assert.deepEqual([member.status.commit, member.status.applied], [2, 2]);
    // What the state machine has, the log must have: else it was lost, and nothing is safe.
    member.appliedIndex = 4;
    assert.throws(() => member.restart(), InvariantError);
  });

  it("replays a long log in pages of bounded size", () => {
    const entries = Array.from({ length: 50 }, (_, i) => entry(1, i + 1, "0123456789"));
    const limit = 4 * (10 + ENTRY_OVERHEAD_BYTES);
    const member = new Member(
      1,
      conf([1]),
      { maxApplyingBytes: limit },
      { entries, term: 1, commit: 50 },
    );
    let pages = 0;
    while (member.core.hasReady()) {
      assert.ok(member.handleReady().committedEntries.length <= 4);
      pages++;
    }
    assert.equal(member.applied.length, 50);
    assert.ok(pages >= 13);
  });

  it("rejoins its group as if it had been away, in the middle of everything", () => {
    for (const asyncStorageWrites of [false, true]) {
      const net = cluster(3, { asyncStorageWrites, preVote: true, checkQuorum: true });
      net.campaign(1);
      net.propose(1, "a");
      for (const id of [2, 1, 3]) {
        net.at(id).core.propose([bytes(`before ${id}`)]);
        net.at(id).restart();
        net.settle();
        for (let i = 0; i < 40; i++) for (const other of net.members.keys()) net.tick(other);
        net.propose(net.leader.id, `after ${id}`);
      }
      const logs = [...net.members.values()].map((m) => m.log());
      for (const log of logs) assert.deepEqual(log, logs[0]);
      for (const id of [1, 2, 3]) assert.ok(logs[0]!.some((line) => line.includes(`after ${id}`)));
    }
  });
});

describe("roles", () => {
  /** Everything that member 1 of three knows, in the given role. */
  function inRole(role: "follower" | "pre-candidate" | "candidate" | "leader"): RaftState {
    const { config, disk } = new Member(1, conf([1, 2, 3]));
    const boot = { hardState: disk.hardState, confState: conf([1, 2, 3]), applied: 0 };
    const s = new RaftState(config, disk, boot);
    if (role === "pre-candidate") becomePreCandidate(s);
    if (role === "candidate" || role === "leader") becomeCandidate(s);
    if (role === "leader") becomeLeader(s);
    assert.equal(s.role, role);
    return s;
  }

  it("change only as Raft allows: a leader never campaigns, only the elected lead", () => {
    assert.throws(() => becomeCandidate(inRole("leader")), InvariantError);
    assert.throws(() => becomePreCandidate(inRole("leader")), InvariantError);
    for (const role of ["follower", "pre-candidate", "leader"] as const) {
      assert.throws(() => becomeLeader(inRole(role)), InvariantError);
    }
    for (const role of ["follower", "pre-candidate", "candidate", "leader"] as const) {
      const s = inRole(role);
      assert.throws(() => becomeFollower(s, s.term - 1, 0), InvariantError);
      becomeFollower(s, s.term + 1, 2);
      assert.deepEqual([s.role, s.lead, s.vote], ["follower", 2, 0]);
    }
  });

  it("begin without anything of the role before", () => {
    const s = inRole("leader");
    s.transferee = 2;
    s.pendingConfIndex = 9;
    s.uncommittedBytes = 9;
    s.electionElapsed = 9;
    becomeFollower(s, s.term, 0);
    assert.deepEqual(
      [s.transferee, s.pendingConfIndex, s.uncommittedBytes, s.electionElapsed],
      [0, 0, 0, 0],
    );
    // A survey is no new role of the term: it keeps term, vote and timer.
    const follower = inRole("follower");
    follower.vote = 3;
    follower.electionElapsed = 7;
    becomePreCandidate(follower);
    assert.deepEqual([follower.term, follower.vote, follower.electionElapsed], [0, 3, 7]);
  });
});
