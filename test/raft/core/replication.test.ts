import assert from "node:assert/strict";
import { conf, entry, Member, message, bytes } from "./member.ts";
import { cluster, clusterOf, Network } from "./network.ts";

/** A leader of three at term 1 whose peers are in the given state with the log up to its end. */
function leader(state: "probe" | "replicate", options = {}): Member {
  const member = new Member(1, conf([1, 2, 3]), options);
  member.becomeLeader();
  member.take();
  for (const from of [2, 3]) member.step(message("MsgAppResp", from, 1, { index: 1 }));
  member.take();
  if (state === "probe") for (const id of [2, 3]) member.core.reportUnreachable(id);
  assert.equal(member.peer(2).state, state);
  return member;
}

const appendsTo = (member: Member, id: number) =>
  member.take().filter((m) => m.type === "MsgApp" && m.to === id);

describe("replication", () => {
  it("brings proposals made before and after a change of leader to all logs, in order", () => {
    const net = cluster(3);
    net.campaign(1);
    net.propose(1, "a", "b");
    net.campaign(2);
    net.propose(2, "c");
    for (const member of net.members.values()) {
      assert.deepEqual(member.appliedTexts, ["a", "b", "c"]);
      assert.deepEqual(member.log(), net.at(1).log());
    }
  });

  it("gives learners entries and commit indexes without counting them", () => {
    const confState = conf([1], { learners: [2] });
    const net = new Network([1, 2].map((id) => new Member(id, confState)));
    net.campaign(1);
    net.propose(1, "a");
    assert.deepEqual(net.at(2).appliedTexts, ["a"]);
    net.isolate(2);
    net.propose(1, "b");
    assert.deepEqual(net.at(1).appliedTexts, ["a", "b"]);
    assert.equal(net.at(1).peer(2).match, 2);
  });

  it("does not commit entries of an old term by counting, but with the own first entry", () => {
    const net = cluster(5);
    net.campaign(1);
    for (const id of [3, 4, 5]) net.cut(1, id);
    net.propose(1, "a", "b");
    assert.equal(net.at(1).status.commit, 1);
    net.heal();
    // The new leader's own entry is lost on the way: nothing becomes committed.
    net.mute("MsgApp");
    net.campaign(2);
    assert.equal(net.at(2).status.commit, 1);
    net.heal();
    net.tick(2);
    assert.equal(net.at(2).status.commit, 4);
    assert.deepEqual(net.at(5).appliedTexts, ["a", "b"]);
  });

  it("commits them by themselves never: even a majority is not enough", () => {
    const net = clusterOf([[1, 1], [1, 1], []]);
    const one = net.at(1);
    one.becomeLeader();
    one.take();
    one.step(message("MsgAppResp", 2, 1, { term: one.status.term, index: 2 }));
    assert.equal(one.status.commit, 0);
    one.step(message("MsgAppResp", 2, 1, { term: one.status.term, index: 3 }));
    assert.equal(one.status.commit, 3);
  });

  it("ignores appends of a deposed leader", () => {
    const net = cluster(3);
    net.campaign(1);
    net.campaign(2);
    net.campaign(1);
    net.at(1).step(message("MsgApp", 2, 1, { term: 2, entries: [entry(2, 4)], index: 3 }));
    net.propose(1, "x");
    for (const member of net.members.values()) assert.deepEqual(member.log(), net.at(1).log());
    assert.deepEqual(net.at(1).appliedTexts, ["x"]);
  });

  it("commits with a quorum of live members, and without one does not", () => {
    for (const [size, down, commits] of [
      [1, [], true],
      [3, [], true],
      [3, [3], true],
      [3, [2, 3], false],
      [4, [2, 3], false],
      [5, [2, 3], true],
    ] as [number, number[], boolean][]) {
      const net = cluster(size);
      net.stop(...down);
      net.campaign(1);
      if (!commits) net.at(1).core.propose([bytes("x")]);
      else net.propose(1, "x");
      assert.deepEqual(net.at(1).appliedTexts, commits ? ["x"] : []);
    }
  });

  it("takes proposals at a follower that passes them on", () => {
    const net = cluster(3);
    net.campaign(1);
    assert.deepEqual(net.propose(2, "x"), { ok: true, term: 0, index: 0 });
    for (const member of net.members.values()) assert.deepEqual(member.appliedTexts, ["x"]);
  });

  it("never passes a proposal on twice", () => {
    const member = new Member(2, conf([1, 2, 3]));
    member.follow(1, 1);
    member.take();
    const forwarded = message("MsgProp", 3, 2, { term: 0, entries: [entry(0, 0, "x")] });
    assert.equal(member.step(forwarded), "not-leader");
    assert.deepEqual(member.take(), []);
  });

  it("sends one append in probe state, whatever is proposed, until it is answered", () => {
    const member = leader("probe");
    for (const word of ["a", "b", "c"]) member.core.propose([bytes(word)]);
    assert.equal(appendsTo(member, 2).length, 1);
    assert.equal(member.peer(2).paused, true);
    assert.equal(member.peer(2).next, 2);
    // Sending a heartbeat releases nothing; its answer does.
    member.tick();
    assert.equal(appendsTo(member, 2).length, 0);
    member.step(message("MsgHeartbeatResp", 2, 1));
    assert.equal(appendsTo(member, 2).length, 1);
  });

  it("pipelines in replicate state: next moves with what is sent", () => {
    const member = leader("replicate");
    for (const word of ["a", "b", "c"]) member.core.propose([bytes(word)]);
    const sent = appendsTo(member, 2);
    assert.deepEqual(
      sent.map((m) => m.index),
      [1, 2, 3],
    );
    assert.equal(member.peer(2).next, 5);
    assert.equal(member.peer(2).match, 1);
  });

  it("releases by an answer only the peer that answered", () => {
    const member = leader("probe");
    member.core.propose([bytes("a")]);
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    member.take();
    assert.equal(member.peer(2).state, "replicate");
    assert.equal(member.peer(3).paused, true);
    member.core.propose([bytes("b")]);
    assert.deepEqual(
      member.take().map((m) => m.to),
      [2],
    );
  });

  it("falls back to probing behind the match when a peer was unreachable", () => {
    const member = leader("replicate");
    member.core.propose([bytes("a")]);
    member.take();
    assert.equal(member.peer(2).next, 3);
    member.core.reportUnreachable(2);
    const peer = member.peer(2);
    assert.deepEqual([peer.state, peer.next, peer.inflight], ["probe", 2, 0]);
    // Of others nothing changes; unknown ones are nobody's concern.
    assert.equal(member.peer(3).state, "replicate");
    member.core.reportUnreachable(9);
  });

  it("probes again after a heartbeat answer even when the peer has everything", () => {
    const member = leader("replicate");
    member.core.reportUnreachable(2);
    member.step(message("MsgHeartbeatResp", 2, 1));
    const sent = appendsTo(member, 2);
    assert.deepEqual(
      sent.map((m) => m.entries.length),
      [0],
    );
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    assert.equal(member.peer(2).state, "replicate");
  });

  it("sends a peer that lags an append after its heartbeat answer, others none", () => {
    const member = leader("replicate");
    member.step(message("MsgHeartbeatResp", 2, 1));
    assert.deepEqual(member.take(), []);
    member.core.propose([bytes("a")]);
    member.take();
    member.step(message("MsgHeartbeatResp", 2, 1));
    assert.equal(appendsTo(member, 2).length, 1);
  });

  it("keeps next above match when rejections come late or repeated", () => {
    const member = leader("replicate");
    member.core.propose([bytes("a")]);
    member.core.propose([bytes("b")]);
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 3 }));
    for (const index of [0, 1, 2, 3]) {
      member.step(message("MsgAppResp", 2, 1, { index, reject: true, rejectHint: 0 }));
      const { match, next, state } = member.peer(2);
      assert.deepEqual([match, next, state], [3, 4, "replicate"], `rejection of ${index}`);
    }
  });

  it("answers acknowledgements by table: stale, rejecting, accepting", () => {
    // index, reject → match, next, messages to the peer
    const cases: [number, boolean, number, number, number][] = [
      [3, true, 0, 3, 0], // not what was probed: stale
      [2, true, 0, 2, 1], // probe backs off
      [2, false, 2, 4, 1], // accepted: entry 3 follows
      [0, false, 0, 4, 1], // accepted at nothing: replicates from the start
    ];
    for (const [index, reject, match, next, count] of cases) {
      const member = new Member(
        1,
        conf([1, 2, 3]),
        {},
        { entries: [entry(1, 1), entry(1, 2)], term: 1 },
      );
      member.becomeLeader();
      member.take();
      const { term } = member.status;
      assert.equal(member.peer(2).next, 3);
      member.step(
        message("MsgAppResp", 2, 1, { term, index, reject, rejectHint: Math.max(0, index - 1) }),
      );
      const sent = appendsTo(member, 2).length;
      const peer = member.peer(2);
      assert.deepEqual(
        [peer.match, peer.next, sent > 0 ? 1 : 0],
        [match, next, count],
        `${index} ${reject}`,
      );
    }
  });

  it("tells a peer that lags the commit index when its answer shows it, once", () => {
    const net = cluster(3);
    net.campaign(1);
    const one = net.at(1);
    one.core.propose([bytes("a")]);
    one.core.propose([bytes("b")]);
    const sent = one.take();
    // 2 answers both, so both are committed; 3's answers come afterwards.
    for (const index of [2, 3]) one.step(message("MsgAppResp", 2, 1, { index }));
    const commits = one.take().filter((m) => m.to === 3);
    assert.deepEqual(
      commits.map((m) => m.commit),
      [2, 3],
    );
    assert.equal(sent.length, 4);
    // Its commit index is on the way: nothing more is sent.
    one.step(message("MsgAppResp", 3, 1, { index: 2 }));
    assert.deepEqual(one.take(), []);
    // A heartbeat carries only what is known to be there; the next answer shows the lag.
    one.tick();
    one.take();
    one.step(message("MsgAppResp", 3, 1, { index: 3 }));
    assert.deepEqual(
      one.take().map((m) => [m.to, m.commit, m.entries.length]),
      [[3, 3, 0]],
    );
  });

  it("needs few probes for logs that diverged over many terms", () => {
    // leader's terms, follower's terms, most rejections
    const cases: [number[], number[], number][] = [
      [[1, 2, 2, 4, 4, 4, 4], [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], 1],
      [[1, 2, 2, 3, 4, 4, 4, 5], [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], 1],
      [[1, 1, 1, 1, 5, 5], [1, 1, 1, 1, 4], 1],
      [[1, 1, 1, 4, 4, 5, 5, 6, 6, 6], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 1],
      [[1, 3, 3, 3, 3, 3, 3, 3, 7], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1],
      [[1, 1, 1, 1, 1, 1, 1, 1], [], 2],
      [[1, 4, 5, 6, 7, 8, 9], [1, 2, 2, 2, 2, 2, 3, 3, 3], 2],
    ];
    for (const [own, other, most] of cases) {
      const net = clusterOf([own, other, own]);
      net.cut(1, 2);
      while (net.at(1).status.role !== "leader") net.campaign(1);
      net.heal();
      let rejections = 0;
      net.tick(1, 0);
      net.at(1).tick();
      for (let round = 0; round < 50; round++) {
        net.work();
        const due = net.queue.splice(0);
        if (due.length === 0) break;
        for (const m of due) {
          if (m.type === "MsgAppResp" && m.reject) rejections++;
          net.deliver(m);
        }
      }
      assert.deepEqual(net.at(2).log(), net.at(1).log());
      assert.ok(rejections <= most, `${own.join("")} over ${other.join("")}: ${rejections}`);
    }
  });

  it("takes appends by table on a follower: refuse, truncate, commit at most what agrees", () => {
    // index, logTerm, commit, entries → last index, commit, refused
    const cases: [number, number, number, number[], number, number, boolean][] = [
      [2, 3, 3, [], 2, 0, true], // another term there
      [3, 3, 3, [], 2, 0, true], // nothing there
      [1, 1, 1, [], 2, 1, false],
      [0, 0, 1, [2], 1, 1, false],
      [2, 2, 3, [2, 2], 4, 3, false],
      [2, 2, 4, [2], 3, 3, false],
      [1, 1, 4, [2], 2, 2, false],
      [1, 1, 3, [], 2, 1, false], // matches up to 1 only
      [1, 1, 3, [2], 2, 2, false],
      [2, 2, 3, [], 2, 2, false],
      [2, 2, 4, [], 2, 2, false],
    ];
    for (const [index, logTerm, commit, terms, last, committed, reject] of cases) {
      const past = { entries: [entry(1, 1), entry(2, 2)], term: 2 };
      const member = new Member(1, conf([1, 2]), {}, past);
      const entries = terms.map((term, i) => entry(term, index + 1 + i));
      member.step(message("MsgApp", 2, 1, { term: 2, index, logTerm, commit, entries }));
      const { status } = member;
      assert.deepEqual([status.lastIndex, status.commit], [last, committed], `${index}/${logTerm}`);
      assert.equal(member.take()[0]?.reject, reject);
    }
  });

  it("does not lower a commit index by a heartbeat", () => {
    for (const [told, commit] of [
      [3, 3],
      [1, 2],
    ] as const) {
      const entries = [entry(1, 1), entry(2, 2), entry(3, 3)];
      const member = new Member(1, conf([1, 2]), {}, { entries, term: 2, commit: 2 });
      member.step(message("MsgHeartbeat", 2, 1, { term: 2, commit: told }));
      assert.equal(member.status.commit, commit);
      assert.deepEqual(
        member.take().map((m) => m.type),
        ["MsgHeartbeatResp"],
      );
    }
  });

  it("takes a purged predecessor for agreement, not for a conflict", () => {
    const entries = [entry(1, 1), entry(1, 2), entry(1, 3)];
    const member = new Member(1, conf([1, 2]), {}, { entries, term: 1, commit: 3 });
    member.take();
    member.compact(3);
    member.step(message("MsgApp", 2, 1, { index: 1, logTerm: 1, entries: [entry(1, 2)] }));
    const [answer] = member.take();
    assert.deepEqual([answer?.reject, answer?.index], [false, 3]);
    assert.equal(member.status.lastIndex, 3);
  });

  it("sends heartbeats with what each peer holds, and only from a leader", () => {
    const member = leader("replicate");
    member.core.propose([bytes("a")]);
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    member.take();
    member.tick();
    const sent = member.take();
    assert.deepEqual(
      sent.map((m) => [m.type, m.to, m.commit, m.entries.length]),
      [
        ["MsgHeartbeat", 2, 2, 0],
        ["MsgHeartbeat", 3, 1, 0],
      ],
    );
    const follower = new Member(2, conf([1, 2, 3]));
    follower.tick();
    assert.deepEqual(follower.take(), []);
  });

  it("follows the leader's own disk: its match is what it has made durable", () => {
    const member = new Member(1, conf([1, 2, 3]), { asyncStorageWrites: true });
    member.becomeLeader();
    member.take();
    member.step(message("MsgAppResp", 2, 1, { index: 1 }));
    member.take();
    member.core.propose([bytes("a")]);
    member.handleReady();
    assert.deepEqual([member.peer(1).match, member.peer(1).next], [1, 2]);
    member.step(message("MsgAppResp", 2, 1, { index: 2 }));
    assert.equal(member.status.commit, 1);
    member.appendOne();
    assert.deepEqual([member.peer(1).match, member.peer(1).next], [2, 3]);
    assert.equal(member.status.commit, 2);
  });

  it("lets a late own acknowledgement of an old term count for nothing", () => {
    const member = new Member(1, conf([1, 2, 3]), { asyncStorageWrites: true });
    member.becomeLeader();
    member.core.propose([bytes("a")]);
    member.handleReady();
    const late = member.appendWork.splice(0);
    member.follow(2, 2);
    member.core.campaign();
    for (const m of member.take()) {
      if (m.type === "MsgVote") member.step(message("MsgVoteResp", m.to, 1, { term: 3 }));
    }
    assert.equal(member.status.role, "leader");
    member.handleReady();
    const before = member.peer(1);
    for (const response of late.flatMap((m) => m.responses)) member.step(response);
    assert.deepEqual(member.peer(1), before);
  });

  it("computes the commit index from what a quorum holds in the present term", () => {
    // matches of 2 and 3 beside the leader's, entries' terms, the leader's term → commit
    const cases: [number[], number[], number][] = [
      [[1, 1], [1, 1], 0],
      [[3, 1], [1, 1], 3],
      [[3, 3], [1, 1], 3],
      [[2, 2], [1, 1], 0],
      [[3, 0], [1, 1], 3],
      [[0, 0], [1, 1], 0],
    ];
    for (const [matches, terms, commit] of cases) {
      const past = { entries: terms.map((term, i) => entry(term, i + 1)), term: 1 };
      const member = new Member(1, conf([1, 2, 3]), {}, past);
      member.becomeLeader();
      member.take();
      const { term } = member.status;
      matches.forEach((index, i) => {
        if (index > 0) member.step(message("MsgAppResp", i + 2, 1, { term, index }));
      });
      assert.equal(member.status.commit, commit, `matches ${matches.join()}`);
    }
  });
});
