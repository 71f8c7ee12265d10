import assert from "node:assert/strict";
import { bytes, conf, entry, Member, message } from "./member.ts";
import { cluster } from "./network.ts";

const ASYNC = { asyncStorageWrites: true };

describe("asynchronous storage writes", () => {
  it("let appends to peers leave before the own disk has them, acknowledgements not", () => {
    const leader = new Member(1, conf([1, 2, 3]), ASYNC);
    leader.becomeLeader();
    leader.take();
    for (const from of [2, 3]) leader.step(message("MsgAppResp", from, 1, { index: 1 }));
    leader.take();
    leader.core.propose([bytes("a")]);
    leader.handleReady();
    assert.deepEqual(
      leader.outbox.map((m) => [m.type, m.to, m.entries.length]),
      [
        ["MsgApp", 2, 1],
        ["MsgApp", 3, 1],
      ],
    );
    assert.equal(leader.disk.lastIndex(), 1);
    const follower = new Member(2, conf([1, 2, 3]), ASYNC);
    follower.step(message("MsgApp", 1, 2, { entries: [entry(1, 1)] }));
    follower.handleReady();
    assert.equal(follower.outbox.length, 0);
    follower.appendOne();
    assert.deepEqual(
      follower.outbox.map((m) => [m.type, m.index]),
      [["MsgAppResp", 1]],
    );
  });

  it("acknowledge nothing of a repeated append before the first one is durable", () => {
    const follower = new Member(2, conf([1, 2, 3]), ASYNC);
    follower.step(message("MsgApp", 1, 2, { entries: [entry(1, 1)] }));
    follower.handleReady();
    const repeated = message("MsgApp", 1, 2, { entries: [entry(1, 1)] });
    const empty = message("MsgApp", 1, 2, { index: 1, logTerm: 1 });
    for (const m of [repeated, empty]) follower.step(m);
    follower.handleReady();
    assert.equal(follower.outbox.length, 0);
    follower.appendOne();
    assert.equal(follower.outbox.length, 1);
    follower.appendOne();
    assert.equal(follower.outbox.length, 3);
  });

  it("hold votes back until term and vote are durable, and vote requests too", () => {
    const voter = new Member(2, conf([1, 2, 3]), ASYNC);
    voter.step(message("MsgVote", 1, 2));
    voter.handleReady();
    assert.equal(voter.outbox.length, 0);
    voter.appendOne();
    assert.deepEqual(voter.disk.hardState, { term: 1, vote: 1, commit: 0 });
    assert.equal(voter.outbox.length, 1);
    const candidate = new Member(1, conf([1, 2, 3]), { ...ASYNC, durableVoteRequests: true });
    candidate.core.campaign();
    candidate.handleReady();
    assert.equal(candidate.outbox.length, 0);
    candidate.appendOne();
    assert.deepEqual(
      candidate.outbox.map((m) => m.type),
      ["MsgVote", "MsgVote"],
    );
  });

  it("count the own vote only when it is durable", () => {
    const member = new Member(1, conf([1, 2]), ASYNC);
    member.core.campaign();
    member.handleReady();
    member.step(message("MsgVoteResp", 2, 1));
    assert.equal(member.status.role, "candidate");
    member.appendOne();
    assert.equal(member.status.role, "leader");
  });

  it("commit nothing on a lone voter before its disk has it", () => {
    const member = new Member(1, conf([1]), ASYNC);
    member.core.campaign();
    member.take();
    member.core.propose([bytes("a")]);
    member.handleReady();
    assert.equal(member.status.commit, 1);
    member.appendOne();
    assert.equal(member.status.commit, 2);
    assert.deepEqual(member.appliedTexts, []);
    member.take();
    assert.deepEqual(member.appliedTexts, ["a"]);
  });

  it("apply nothing that is not durable here, though a quorum has it", () => {
    const leader = new Member(1, conf([1, 2, 3]), ASYNC);
    leader.becomeLeader();
    leader.handleReady();
    for (const from of [2, 3]) leader.step(message("MsgAppResp", from, 1, { index: 1 }));
    assert.equal(leader.status.commit, 1);
    const ready = leader.handleReady();
    assert.deepEqual(ready.committedEntries, []);
    while (leader.appendWork.length > 0) leader.appendOne();
    assert.equal(leader.handleReady().committedEntries.length, 1);
  });

  it("pipeline: several batches may be with the worker at once, each handed out once", () => {
    const leader = new Member(1, conf([1, 2, 3]), ASYNC);
    leader.becomeLeader();
    leader.take();
    for (const word of ["a", "b", "c"]) {
      leader.core.propose([bytes(word)]);
      assert.equal(leader.handleReady().entries.length, 1);
    }
    assert.equal(leader.core.hasReady(), false);
    assert.equal(leader.appendWork.length, 3);
    leader.take();
    assert.deepEqual(leader.log(), ["1/1", "1/2 a", "1/3 b", "1/4 c"]);
  });

  it("do not take an entry for durable that was rewritten twice meanwhile (ABA)", () => {
    const member = new Member(2, conf([1, 2, 3]), ASYNC);
    const append = (from: number, term: number, entries: ReturnType<typeof entry>[]) => {
      member.step(message("MsgApp", from, 2, { term, entries }));
      member.handleReady();
    };
    // The same entry is written, overwritten and written again, by three leaders.
    append(1, 1, [entry(1, 1, "a")]);
    append(3, 2, [entry(2, 1, "b")]);
    append(1, 3, [entry(1, 1, "a"), entry(3, 2)]);
    // The first write is done: its answer speaks of 1/1, which is again at that place, but the
    // disk is about to hold 2/1 instead.
    member.appendOne();
    assert.equal(member.core.hasReady(), false);
    member.step(message("MsgHeartbeat", 1, 2, { term: 3, commit: 0 }));
    member.appendOne();
    assert.deepEqual(member.log(), ["2/1 b"]);
    member.appendOne();
    assert.deepEqual(member.log(), ["1/1 a", "3/2"]);
    // Only now may it be applied.
    member.step(message("MsgHeartbeat", 1, 2, { term: 3, commit: 2 }));
    assert.equal(member.handleReady().committedEntries.length, 2);
  });

  it("shrink the tail after a change of term by the next acknowledgement of any kind", () => {
    const member = new Member(2, conf([1, 2, 3]), ASYNC);
    member.step(message("MsgApp", 1, 2, { entries: [entry(1, 1)] }));
    member.handleReady();
    // The term changes while the write is under way: its acknowledgement is void.
    member.step(message("MsgHeartbeat", 3, 2, { term: 2 }));
    member.appendOne();
    member.handleReady();
    const last = member.appendWork.at(-1)?.responses.at(-1);
    assert.deepEqual(
      [last?.type, last?.index, last?.logTerm, last?.term],
      ["MsgStorageAppendResp", 1, 1, 2],
    );
    member.take();
    member.step(message("MsgHeartbeat", 3, 2, { term: 2, commit: 1 }));
    assert.equal(member.handleReady().committedEntries.length, 1);
  });

  it("put the own acknowledgement before the notice that the tail is durable", () => {
    const leader = new Member(1, conf([1, 2, 3]), ASYNC);
    leader.becomeLeader();
    leader.handleReady();
    const job = leader.appendWork.at(-1);
    assert.deepEqual(
      job?.responses.map((m) => m.type),
      ["MsgAppResp", "MsgStorageAppendResp"],
    );
  });

  it("say in each job what hard state to save, or nothing when it did not change", () => {
    const leader = new Member(1, conf([1]), ASYNC);
    leader.core.campaign();
    leader.handleReady();
    assert.deepEqual(leader.disk.hardState, { term: 0, vote: 0, commit: 0 });
    const [first] = leader.appendWork;
    assert.deepEqual([first?.term, first?.vote, first?.commit], [1, 1, 0]);
    leader.take();
    leader.core.propose([bytes("a")]);
    assert.equal(leader.handleReady().hardState, null);
    const job = leader.appendWork[0];
    assert.deepEqual([job?.term, job?.vote, job?.commit], [0, 0, 0]);
  });

  it("need a sync for entries, term and vote; for the commit index alone not", () => {
    const member = new Member(1, conf([1]), ASYNC);
    member.core.campaign();
    assert.equal(member.handleReady().mustSync, true);
    member.appendOne();
    assert.equal(member.handleReady().mustSync, true);
    member.appendOne();
    const ready = member.handleReady();
    assert.equal(ready.mustSync, false);
    assert.equal(ready.hardState?.commit, 1);
  });

  it("need one for a vote within the term, and for a term without a vote", () => {
    const member = new Member(2, conf([1, 2, 3]), ASYNC, { term: 1 });
    member.step(message("MsgVote", 1, 2, { term: 1 }));
    const voted = member.handleReady();
    assert.deepEqual([voted.hardState?.vote, voted.entries.length, voted.mustSync], [1, 0, true]);
    member.step(message("MsgHeartbeat", 3, 2, { term: 2 }));
    const moved = member.handleReady();
    assert.deepEqual([moved.hardState, moved.mustSync], [{ term: 2, vote: 0, commit: 0 }, true]);
    member.step(message("MsgHeartbeat", 3, 2, { term: 3 }));
    assert.equal(member.handleReady().mustSync, true);
  });

  it("give the same history as the simple mode", () => {
    const run = (asyncStorageWrites: boolean) => {
      const net = cluster(3, { asyncStorageWrites });
      net.campaign(1);
      net.propose(1, "a", "b");
      net.campaign(2);
      net.propose(2, "c");
      net.change(2, [{ type: "add-learner", id: 3 }]);
      net.propose(2, "d");
      return [...net.members.values()].map((m) => [m.log(), m.appliedTexts, m.status.config]);
    };
    assert.deepEqual(run(true), run(false));
  });
});

describe("entries that are not in memory", () => {
  /** A leader of two that has committed ten entries, of which only the newest are in memory. */
  function coldLeader(): Member {
    const leader = new Member(1, conf([1, 2]), { ...ASYNC, maxBytesPerMessage: 200 });
    leader.becomeLeader();
    leader.take();
    leader.core.propose(Array.from({ length: 9 }, (_, i) => bytes(`${i}`)));
    leader.take();
    leader.disk.coldUpTo = 8;
    return leader;
  }

  it("are fetched for a slow follower while everything else goes on", () => {
    const leader = coldLeader();
    leader.step(message("MsgAppResp", 2, 1, { index: 1, reject: true, rejectHint: 0 }));
    leader.step(message("MsgAppResp", 2, 1, { index: 0, reject: true, rejectHint: 0 }));
    leader.take();
    const [fetch] = leader.fetches;
    assert.ok(fetch);
    assert.deepEqual([fetch.to, fetch.lo], [2, 1]);
    assert.equal(leader.peer(2).paused, true);
    // Asked for once, however many heartbeats are answered.
    leader.step(message("MsgHeartbeatResp", 2, 1));
    leader.take();
    assert.equal(leader.fetches.length, 1);
    leader.core.entriesFetched(fetch, leader.disk.read(fetch.lo, fetch.hi, fetch.maxBytes));
    const [append] = leader.take();
    assert.deepEqual([append?.type, append?.index], ["MsgApp", 0]);
    assert.ok(append!.entries.length > 1);
  });

  it("that were compacted meanwhile are followed by a snapshot", () => {
    const leader = coldLeader();
    leader.step(message("MsgAppResp", 2, 1, { index: 0, reject: false }));
    leader.step(message("MsgAppResp", 2, 1, { index: 1, reject: true, rejectHint: 0 }));
    leader.take();
    const fetch = leader.fetches.at(-1);
    assert.ok(fetch);
    leader.disk.takeSnapshot(5, conf([1, 2]));
    leader.disk.compact(5);
    leader.core.entriesFetched(fetch, []);
    assert.equal(leader.take()[0]?.type, "MsgSnap");
  });

  it("are not sent when the answer comes in another leadership", () => {
    const leader = coldLeader();
    leader.step(message("MsgAppResp", 2, 1, { index: 0 }));
    leader.take();
    const [fetch] = leader.fetches;
    assert.ok(fetch);
    leader.step(message("MsgHeartbeat", 2, 1, { term: 2 }));
    leader.take();
    const entries = leader.disk.read(fetch.lo, fetch.hi, fetch.maxBytes);
    leader.core.entriesFetched(fetch, entries);
    assert.deepEqual(leader.take(), []);
    // Nor when the same member leads again: the peer is probed anew, from elsewhere.
    leader.disk.coldUpTo = 0;
    leader.becomeLeader();
    leader.take();
    leader.core.reportUnreachable(2);
    leader.core.entriesFetched(fetch, entries);
    assert.deepEqual(leader.take(), []);
  });

  it("are not sent when they were asked for before contact was lost", () => {
    const leader = coldLeader();
    leader.step(message("MsgAppResp", 2, 1, { index: 1 }));
    leader.take();
    const [stale] = leader.fetches;
    assert.ok(stale);
    leader.core.reportUnreachable(2);
    leader.step(message("MsgHeartbeatResp", 2, 1));
    leader.take();
    const fresh = leader.fetches.at(-1);
    assert.ok(fresh && fresh !== stale);
    assert.deepEqual([fresh.lo, fresh.hi], [stale.lo, stale.hi]);
    const entries = leader.disk.read(stale.lo, stale.hi, stale.maxBytes);
    leader.core.entriesFetched(stale, entries);
    assert.deepEqual(leader.take(), []);
    assert.equal(leader.peer(2).paused, true);
    leader.core.entriesFetched(fresh, entries);
    const [append, ...more] = leader.take();
    assert.deepEqual([append?.type, append?.index, more.length], ["MsgApp", 1, 0]);
  });

  it("are fetched to be applied after a restart", () => {
    const leader = coldLeader();
    leader.step(message("MsgAppResp", 2, 1, { index: 10 }));
    leader.take();
    leader.appliedIndex = 2;
    leader.applied.length = 0;
    leader.disk.coldUpTo = 10;
    leader.restart();
    leader.take();
    assert.deepEqual(leader.applied, []);
    for (let i = 0; i < 20 && leader.status.applied < 10; i++) {
      for (const fetch of leader.fetches.splice(0)) {
        assert.equal(fetch.to, 1);
        leader.core.entriesFetched(fetch, leader.disk.read(fetch.lo, fetch.hi, fetch.maxBytes));
      }
      leader.take();
    }
    assert.equal(leader.applied.length, 8);
    // Until they are looked through, no election.
    assert.equal(leader.status.applied, leader.status.commit);
  });
});
