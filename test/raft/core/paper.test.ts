import assert from "node:assert/strict";
import type { Id } from "../../../raft/core/types.ts";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { clusterOf } from "./network.ts";

const range = (n: number): Id[] => Array.from({ length: n }, (_, i) => i + 1);

/** A leader of `size` members that has committed its first entry. */
function leaderOf(size: number): Member {
  const member = new Member(1, conf(range(size)));
  member.becomeLeader();
  acceptAll(member);
  return member;
}

/** Every peer takes every append. */
function acceptAll(member: Member): void {
  for (const m of member.take()) {
    if (m.type !== "MsgApp") continue;
    const index = m.index + m.entries.length;
    member.step(message("MsgAppResp", m.to, 1, { term: m.term, index }));
  }
  member.take();
}

describe("the paper's rules", () => {
  it("§5.2: a leader sends heartbeats to all at each interval", () => {
    const member = leaderOf(3);
    member.tick();
    const sent = member.take();
    assert.deepEqual(
      sent.map((m) => [m.type, m.to, m.entries.length]),
      [
        ["MsgHeartbeat", 2, 0],
        ["MsgHeartbeat", 3, 0],
      ],
    );
  });

  for (const role of ["follower", "candidate"] as const) {
    it(`§5.2: a ${role} that hears nothing raises its term, votes for itself and asks all`, () => {
      const member = new Member(1, conf([1, 2, 3]), {}, { term: 1 });
      if (role === "candidate") member.core.campaign();
      member.take();
      const { term } = member.status;
      member.tick(20);
      assert.equal(member.status.term, term + 1);
      assert.equal(member.status.vote, 1);
      assert.equal(member.status.role, "candidate");
      const sent = member.take();
      assert.deepEqual(
        sent.map((m) => [m.type, m.to, m.term]),
        [
          ["MsgVote", 2, term + 1],
          ["MsgVote", 3, term + 1],
        ],
      );
    });
  }

  it("§5.2: one round of answers decides by majority", () => {
    const cases: [number, [Id, boolean][], string][] = [
      [1, [], "leader"],
      [
        3,
        [
          [2, true],
          [3, true],
        ],
        "leader",
      ],
      [3, [[2, true]], "leader"],
      [
        5,
        [
          [2, true],
          [3, true],
          [4, true],
          [5, true],
        ],
        "leader",
      ],
      [
        5,
        [
          [2, true],
          [3, true],
        ],
        "leader",
      ],
      [
        3,
        [
          [2, false],
          [3, false],
        ],
        "follower",
      ],
      [
        5,
        [
          [2, false],
          [3, false],
          [4, false],
          [5, true],
        ],
        "follower",
      ],
      [
        5,
        [
          [2, true],
          [3, false],
          [4, false],
          [5, false],
        ],
        "follower",
      ],
      [3, [], "candidate"],
      [5, [[2, true]], "candidate"],
      [
        5,
        [
          [2, false],
          [3, false],
        ],
        "candidate",
      ],
      [5, [], "candidate"],
    ];
    for (const [size, votes, role] of cases) {
      const member = new Member(1, conf(range(size)));
      member.core.campaign();
      member.take();
      for (const [from, granted] of votes) {
        member.step(message("MsgVoteResp", from, 1, { reject: !granted }));
      }
      assert.equal(member.status.role, role, `${size} members, ${votes.length} answers`);
    }
  });

  it("§5.2: a follower votes once per term, for whoever comes first", () => {
    for (const [vote, from, granted] of [
      [0, 2, true],
      [0, 3, true],
      [2, 2, true],
      [3, 3, true],
      [2, 3, false],
      [3, 2, false],
    ] as const) {
      const member = new Member(1, conf([1, 2, 3]), {}, { term: 1, vote });
      member.step(message("MsgVote", from, 1, { term: 1 }));
      assert.equal(member.take()[0]?.reject, !granted);
    }
  });

  it("§5.2: timers of a group rarely fire together", () => {
    const members = range(5).map((id) => new Member(id, conf(range(5))));
    let conflicts = 0;
    const rounds = 500;
    for (let round = 1; round <= rounds; round++) {
      for (const member of members)
        member.step(message("MsgHeartbeat", (member.id % 5) + 1, member.id, { term: round * 10 }));
      let fired = 0;
      while (fired === 0) {
        for (const member of members) {
          member.tick();
          if (member.status.role === "candidate") fired++;
        }
      }
      if (fired > 1) conflicts++;
      for (const member of members) member.take();
    }
    assert.ok(conflicts / rounds < 0.4, `${conflicts} of ${rounds}`);
  });

  it("§5.3: a leader appends, then sends to all in parallel", () => {
    const member = leaderOf(3);
    const { lastIndex, commit } = member.status;
    member.core.propose([bytes("some data")]);
    assert.equal(member.status.lastIndex, lastIndex + 1);
    assert.equal(member.status.commit, commit);
    const sent = member.take();
    assert.deepEqual(
      sent.map((m) => [m.type, m.to, m.index, m.logTerm, m.commit]),
      [
        ["MsgApp", 2, lastIndex, 1, commit],
        ["MsgApp", 3, lastIndex, 1, commit],
      ],
    );
    assert.deepEqual(sent[0]?.entries, [entry(1, lastIndex + 1, "some data")]);
  });

  it("§5.3: it commits what a majority holds, applies it and tells the others", () => {
    const member = leaderOf(3);
    member.core.propose([bytes("some data")]);
    const [first] = member.take();
    assert.deepEqual(member.appliedTexts, []);
    member.step(message("MsgAppResp", 2, 1, { index: first!.index + 1 }));
    const sent = member.take();
    assert.deepEqual(member.appliedTexts, ["some data"]);
    assert.deepEqual(
      sent.map((m) => m.commit),
      [first!.index + 1, first!.index + 1],
    );
  });

  it("§5.3: a commit needs the acknowledgements of a majority", () => {
    const cases: [number, Id[], boolean][] = [
      [1, [], true],
      [3, [], false],
      [3, [2], true],
      [3, [2, 3], true],
      [5, [], false],
      [5, [2], false],
      [5, [2, 3], true],
      [5, [2, 3, 4], true],
      [5, [2, 3, 4, 5], true],
    ];
    for (const [size, acks, committed] of cases) {
      const member = leaderOf(size);
      const index = member.status.lastIndex + 1;
      member.core.propose([bytes("some data")]);
      member.take();
      for (const from of acks) member.step(message("MsgAppResp", from, 1, { index }));
      assert.equal(
        member.status.commit >= index,
        committed,
        `${size} members, ${acks.length} acks`,
      );
    }
  });

  it("§5.3: entries of earlier terms are committed together with one of the own term", () => {
    for (const terms of [[], [2], [1, 2], [1]]) {
      const past = { entries: terms.map((term, i) => entry(term, i + 1, "x")), term: 2 };
      const member = new Member(1, conf([1, 2, 3]), {}, past);
      member.becomeLeader();
      member.core.propose([bytes("some data")]);
      for (const m of member.take()) {
        const index = m.index + m.entries.length;
        if (m.to === 2) member.step(message("MsgAppResp", 2, 1, { term: 3, index }));
      }
      for (const m of member.take()) {
        const index = m.index + m.entries.length;
        if (m.to === 2) member.step(message("MsgAppResp", 2, 1, { term: 3, index }));
      }
      member.take();
      assert.equal(member.applied.length, terms.length + 2);
      assert.equal(member.appliedTexts.at(-1), "some data");
    }
  });

  it("§5.3: a follower applies in log order what the leader committed", () => {
    const member = new Member(1, conf([1, 2, 3]), {}, { term: 1 });
    const entries = [entry(1, 1, "a"), entry(1, 2, "b")];
    member.step(message("MsgApp", 2, 1, { entries, commit: 1 }));
    member.take();
    assert.deepEqual(member.appliedTexts, ["a"]);
    member.step(message("MsgApp", 2, 1, { index: 2, logTerm: 1, commit: 2 }));
    member.take();
    assert.deepEqual(member.appliedTexts, ["a", "b"]);
  });

  it("§5.3: it refuses an append whose predecessor it lacks, with a hint", () => {
    const past = { entries: [entry(1, 1), entry(2, 2)], term: 2, commit: 1 };
    const cases: [number, number, number, boolean, number, number][] = [
      // logTerm, index → acknowledged index, refused, hint index, hint term
      [0, 0, 1, false, 0, 0],
      [1, 1, 1, false, 0, 0],
      [2, 2, 2, false, 0, 0],
      [1, 2, 2, true, 1, 1],
      [3, 3, 3, true, 2, 2],
    ];
    for (const [logTerm, index, answered, reject, hint, hintTerm] of cases) {
      const member = new Member(1, conf([1, 2, 3]), {}, past);
      member.step(message("MsgApp", 2, 1, { term: 3, logTerm, index }));
      const [answer] = member.take();
      assert.ok(answer);
      assert.deepEqual(
        [answer.index, answer.reject, answer.rejectHint, answer.logTerm],
        [answered, reject, hint, hintTerm],
        `after ${logTerm}/${index}`,
      );
    }
  });

  it("§5.3: a conflicting tail is replaced; entries that agree stay", () => {
    const cases: [number, number, ReturnType<typeof entry>[], string[]][] = [
      [2, 2, [entry(3, 3)], ["1/1", "2/2", "3/3"]],
      [1, 1, [entry(3, 2), entry(4, 3)], ["1/1", "3/2", "4/3"]],
      [0, 0, [entry(1, 1)], ["1/1", "2/2"]],
      [0, 0, [entry(3, 1)], ["3/1"]],
    ];
    for (const [index, logTerm, entries, log] of cases) {
      const past = { entries: [entry(1, 1), entry(2, 2)], term: 2 };
      const member = new Member(1, conf([1, 2, 3]), {}, past);
      member.step(message("MsgApp", 2, 1, { term: 4, index, logTerm, entries }));
      member.take();
      assert.deepEqual(member.log(), log);
    }
  });

  it("§5.3: a leader brings every follower of figure 7 to its own log", () => {
    const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    for (const follower of [
      [1, 1, 1, 4, 4, 5, 5, 6, 6],
      [1, 1, 1, 4],
      [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
      [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
      [1, 1, 1, 4, 4, 4, 4],
      [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ]) {
      // The third member votes, with an empty log.
      const net = clusterOf([leader, follower, []]);
      net.at(3).step(message("MsgHeartbeat", 1, 3, { term: 7 }));
      for (let round = 0; round < 4 && net.at(1).status.role !== "leader"; round++) {
        net.campaign(1);
      }
      assert.equal(net.at(1).status.role, "leader");
      net.propose(1, "x");
      assert.deepEqual(net.at(2).log(), net.at(1).log());
      assert.deepEqual(net.at(3).log(), net.at(1).log());
    }
  });

  it("§5.4.1: a vote request carries the last entry's index and term", () => {
    const member = new Member(
      1,
      conf([1, 2, 3]),
      {},
      { entries: [entry(1, 1), entry(2, 2)], term: 2 },
    );
    member.core.campaign();
    const sent = member.take();
    assert.deepEqual(
      sent.map((m) => [m.to, m.index, m.logTerm, m.term]),
      [
        [2, 2, 2, 3],
        [3, 2, 2, 3],
      ],
    );
  });

  it("§5.4.1: a voter refuses a candidate whose log is behind its own", () => {
    const cases: [number[], number, number, boolean][] = [
      [[1], 1, 1, false],
      [[1], 1, 2, false],
      [[1, 1], 1, 1, true],
      [[1], 2, 1, false],
      [[2], 1, 1, true],
      [[2], 2, 1, false],
      [[2, 2], 1, 1, true],
      [[1, 2], 1, 2, true],
    ];
    for (const [own, logTerm, index, reject] of cases) {
      const past = { entries: own.map((term, i) => entry(term, i + 1)), term: 2 };
      const member = new Member(1, conf([1, 2]), {}, past);
      member.step(message("MsgVote", 2, 1, { term: 3, logTerm, index }));
      assert.equal(member.take()[0]?.reject, reject, `${own.join()} against ${logTerm}/${index}`);
    }
  });

  it("§5.4.2: only entries of the own term are committed by counting", () => {
    const entries = [entry(1, 1), entry(2, 2)];
    for (const [index, commit] of [
      [1, 0],
      [2, 0],
      [3, 3],
    ] as const) {
      const member = new Member(1, conf([1, 2]), {}, { entries, term: 2 });
      member.becomeLeader();
      member.take();
      member.step(message("MsgAppResp", 2, 1, { term: 3, index }));
      assert.equal(member.status.commit, commit);
    }
  });
});
