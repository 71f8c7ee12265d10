import assert from "node:assert/strict";
import fc from "fast-check";
import { InvariantError } from "../../../lib/assert.ts";
import { ENTRY_OVERHEAD_BYTES, fittingCount } from "../../../raft/core/entry-size.ts";
import { RaftLog, UNKNOWN_TERM } from "../../../raft/core/log.ts";
import type { Entry } from "../../../raft/core/types.ts";
import { UnstableTail } from "../../../raft/core/unstable.ts";
import { conf, entry } from "./member.ts";
import { MemoryDisk } from "./memory-disk.ts";

/** A tail at `offset` that holds entries of the given terms. */
function tailOf(offset: number, ...terms: number[]): UnstableTail {
  const tail = new UnstableTail(offset);
  if (terms.length > 0) tail.replaceFrom(terms.map((term, i) => entry(term, offset + i)));
  return tail;
}

/** Entries (or terms) from `base + 1` on; those up to `stable` are on disk, others in the tail. */
function logOf(base: number, list: readonly (Entry | number)[], stable: number): RaftLog {
  const disk = new MemoryDisk({ index: base, term: base > 0 ? 1 : 0, confState: conf([1]) });
  const entries = list.map((x, i) => (typeof x === "number" ? entry(x, base + 1 + i) : x));
  disk.append(entries.filter(({ index }) => index <= stable));
  const log = new RaftLog(disk, Infinity);
  log.append(entries.filter(({ index }) => index > stable));
  return log;
}

const terms = (entries: readonly Entry[]) => entries.map(({ term, index }) => `${term}/${index}`);

describe("the unstable tail", () => {
  it("appends at its end, replaces from the middle, and starts anew from before", () => {
    const cases: [number[], [number, number][], string[], number, number][] = [
      // held from 5, then given → all, offset, handed out (all held were)
      [
        [1],
        [
          [1, 6],
          [1, 7],
        ],
        ["1/5", "1/6", "1/7"],
        5,
        6,
      ],
      [
        [1],
        [
          [2, 5],
          [2, 6],
        ],
        ["2/5", "2/6"],
        5,
        5,
      ],
      [
        [1],
        [
          [2, 4],
          [2, 5],
        ],
        ["2/4", "2/5"],
        4,
        4,
      ],
      [[1, 1, 1], [[2, 6]], ["1/5", "2/6"], 5, 6],
      [
        [1, 1, 1],
        [
          [2, 7],
          [2, 8],
        ],
        ["1/5", "1/6", "2/7", "2/8"],
        5,
        7,
      ],
    ];
    for (const [held, given, all, offset, handedOut] of cases) {
      const tail = tailOf(5, ...held);
      tail.acceptAll();
      tail.replaceFrom(given.map(([term, index]) => entry(term, index)));
      assert.equal(tail.offset, offset);
      assert.equal(tail.handedOut, handedOut);
      assert.deepEqual(terms(tail.slice(offset, offset + tail.count, Infinity)), all);
      assert.equal(tail.hasNewEntries, true);
    }
    assert.throws(() => tailOf(5, 1).replaceFrom([entry(1, 8)]), InvariantError);
  });

  it("believes in stability only under the term that was handed out", () => {
    const tail = tailOf(5, 1, 1, 1);
    tail.acceptAll();
    tail.stableTo(6, 2);
    assert.equal(tail.offset, 5);
    // The same index was rewritten while the worker was busy with the old one.
    tail.replaceFrom([entry(2, 6)]);
    tail.stableTo(6, 1);
    assert.equal(tail.offset, 5);
    tail.acceptAll();
    tail.stableTo(6, 2);
    assert.deepEqual([tail.offset, tail.count, tail.handedOut], [7, 0, 7]);
    tail.stableTo(6, 2);
    assert.equal(tail.offset, 7);
  });

  it("hands out entries and a snapshot once", () => {
    const tail = tailOf(5, 1, 1);
    assert.deepEqual(terms(tail.newEntries()), ["1/5", "1/6"]);
    tail.acceptAll();
    assert.equal(tail.hasNewEntries, false);
    tail.replaceFrom([entry(1, 7)]);
    assert.deepEqual(terms(tail.newEntries()), ["1/7"]);
    tail.restore({ index: 9, term: 2, confState: conf([1]) });
    assert.equal(tail.newSnapshot?.index, 9);
    tail.acceptAll();
    assert.equal(tail.newSnapshot, null);
    assert.equal(tail.snapshot?.index, 9);
    tail.stableSnapshotTo(8);
    assert.equal(tail.snapshot?.index, 9);
    tail.stableSnapshotTo(9);
    assert.equal(tail.snapshot, null);
  });

  it("knows the terms it holds, its snapshot's among them", () => {
    const tail = tailOf(5, 3);
    assert.deepEqual(
      [4, 5, 6].map((i) => tail.term(i)),
      [undefined, 3, undefined],
    );
    tail.restore({ index: 9, term: 2, confState: conf([1]) });
    assert.deepEqual(
      [8, 9, 10].map((i) => tail.term(i)),
      [undefined, 2, undefined],
    );
    assert.equal(tail.lastIndex, 9);
  });
});

describe("the log", () => {
  it("is one, wherever the border between disk and memory runs", () => {
    const item = fc.record({ term: fc.integer({ min: 1, max: 4 }), size: fc.nat(60) });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.array(item, { minLength: 1, maxLength: 12 }),
        fc.nat(20),
        fc.nat(400),
        (base, raw, cut, maxBytes) => {
          const rising = raw.map(({ term }) => term).toSorted((a, b) => a - b);
          const all = rising.map((term, i) => entry(term, base + 1 + i, "x".repeat(raw[i]!.size)));
          const last = base + all.length;
          const log = logOf(base, all, base + (cut % (all.length + 1)));
          assert.deepEqual([log.firstIndex(), log.lastIndex()], [base + 1, last]);
          for (const one of all) assert.equal(log.term(one.index), one.term);
          assert.equal(log.term(base - 1), UNKNOWN_TERM);
          assert.equal(log.term(last + 1), UNKNOWN_TERM);
          for (let lo = base + 1; lo <= last; lo++) {
            const part = all.slice(lo - base - 1);
            const count = fittingCount(part, 0, part.length, maxBytes);
            assert.deepEqual(log.entries(lo, last + 1, maxBytes), part.slice(0, count));
          }
        },
      ),
    );
  });

  it("merges like the paper says: a follower keeps what agrees and replaces the rest", () => {
    const list = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, fc.nat(8), fc.nat(8), (own, other, prev, stable) => {
        const mine = own.toSorted((a, b) => a - b);
        const theirs = other.toSorted((a, b) => a - b);
        const prevIndex = Math.min(prev, theirs.length);
        const prevTerm = prevIndex === 0 ? 0 : theirs[prevIndex - 1]!;
        const log = logOf(0, mine, Math.min(stable, mine.length));
        const given = theirs.map((term, i) => entry(term, i + 1)).slice(prevIndex);
        const result = log.merge(prevIndex, prevTerm, given);
        const now = terms(log.entries(1, log.lastIndex() + 1, Infinity) ?? []);
        const before = mine.map((term, i) => `${term}/${i + 1}`);
        if (prevIndex > 0 && mine[prevIndex - 1] !== prevTerm) {
          assert.equal(result, null);
          assert.deepEqual(now, before);
          return;
        }
        assert.equal(result, theirs.length);
        const wanted = given.map(({ term, index }) => `${term}/${index}`);
        assert.deepEqual(now.slice(prevIndex, theirs.length), wanted);
        const agrees = wanted.every((x, i) => before[prevIndex + i] === x);
        if (agrees) assert.deepEqual(now, before);
        else assert.equal(now.length, theirs.length);
      }),
    );
  });

  it("compares itself to others by last term first, then by length (§5.4.1)", () => {
    const log = logOf(0, [1, 2, 3], 1);
    const cases: [number, number, boolean][] = [
      [4, 4, true],
      [1, 4, true],
      [9, 2, false],
      [3, 3, true],
      [2, 3, false],
      [4, 3, true],
    ];
    for (const [index, term, upToDate] of cases) {
      assert.equal(log.isUpToDate(index, term), upToDate, `${term}/${index}`);
    }
  });

  it("finds where logs may still agree, by term", () => {
    const log = logOf(0, [2, 2, 5, 5, 5], 2);
    const cases: [number, number, number, number][] = [
      [5, 6, 5, 5],
      [5, 5, 5, 5],
      [5, 4, 2, 2],
      [5, 2, 2, 2],
      [5, 1, 0, 0],
      [1, 2, 1, 2],
      [0, 2, 0, 0],
    ];
    for (const [index, term, foundIndex, foundTerm] of cases) {
      const found = log.lastAtOrBelowTerm(index, term);
      assert.deepEqual([found.index, found.term], [foundIndex, foundTerm], `${index} ${term}`);
    }
    // Behind the compaction point nothing is known: it may agree.
    const compacted = logOf(10, [5, 5], 11);
    assert.deepEqual(compacted.lastAtOrBelowTerm(8, 3), { index: 8, term: 0 });
  });

  it("never replaces, or goes back behind, what is committed", () => {
    const log = logOf(0, [1, 1, 1], 2);
    log.commitTo(2);
    log.commitTo(1);
    assert.equal(log.committed, 2);
    assert.throws(() => log.append([entry(2, 2)]), InvariantError);
    assert.throws(() => log.merge(1, 1, [entry(2, 2)]), InvariantError);
    assert.throws(() => log.commitTo(4), InvariantError);
    assert.throws(() => log.appliedTo(3, 0), InvariantError);
    log.appliedTo(2, 0);
    assert.throws(() => log.appliedTo(1, 0), InvariantError);
  });

  it("lets only durable entries be applied where writes are asynchronous", () => {
    const log = logOf(0, [1, 1, 1], 1);
    log.commitTo(3);
    assert.equal(log.nextCommittedRange(true).hi, 4);
    assert.equal(log.nextCommittedRange(false).hi, 2);
    log.unstable.acceptAll();
    log.unstable.stableTo(3, 1);
    assert.equal(log.nextCommittedRange(false).hi, 4);
  });

  it("pauses handing out when the budget is used up, and goes on as it is applied", () => {
    const disk = new MemoryDisk({ index: 0, term: 0, confState: conf([1]) });
    disk.append([1, 2, 3].map((index) => entry(1, index)));
    const log = new RaftLog(disk, 2 * ENTRY_OVERHEAD_BYTES);
    log.commitTo(3);
    assert.equal(log.hasNextCommitted(false), true);
    log.acceptApplying(2, 2 * ENTRY_OVERHEAD_BYTES, false);
    assert.equal(log.hasNextCommitted(false), false);
    log.appliedTo(1, ENTRY_OVERHEAD_BYTES);
    assert.equal(log.hasNextCommitted(false), true);
    log.acceptApplying(3, ENTRY_OVERHEAD_BYTES, false);
    log.appliedTo(3, 2 * ENTRY_OVERHEAD_BYTES);
    assert.equal(log.hasNextCommitted(false), false);
    // A batch that was cut short waits too, though there is some budget left.
    const other = logOf(0, [1, 1, 1], 3);
    other.commitTo(3);
    other.acceptApplying(1, ENTRY_OVERHEAD_BYTES, false);
    assert.equal(other.hasNextCommitted(false), false);
    other.appliedTo(1, ENTRY_OVERHEAD_BYTES);
    assert.equal(other.hasNextCommitted(false), true);
  });

  it("hands out nothing to apply while a snapshot is being installed", () => {
    const log = logOf(0, [1, 1, 1], 3);
    log.commitTo(2);
    log.restore({ index: 9, term: 2, confState: conf([1]) });
    assert.equal(log.hasNextCommitted(false), false);
    assert.deepEqual([log.committed, log.lastIndex(), log.firstIndex()], [9, 9, 10]);
    assert.equal(log.term(9), 2);
  });
});
