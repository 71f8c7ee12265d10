import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry } from "../../../raft/core/types.ts";
import type { LogStore, LogWrite } from "../../../raft/shell/log/log-store.ts";

/** Opens the same store again and again; `cacheBytes` bounds what it keeps in memory. */
export interface StoreUnderTest {
  open(cacheBytes?: number): Promise<LogStore>;
  remove(): Promise<void>;
}

export function entry(index: number, term: number, size = 8): Entry {
  const data = new Uint8Array(size).fill((index * 31 + term) % 251);
  return { type: "normal", index, term, data };
}

/** Entries first … last, all of one term. */
export function run(first: number, last: number, term: number, size = 8): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term, size));
}

export function appendOf(entries: readonly Entry[]): LogWrite {
  return { entries, hardState: null, snapshot: null };
}

/** Everything the store holds, read back from its disk. */
export async function contents(store: LogStore): Promise<readonly Entry[]> {
  if (store.lastIndex < store.firstIndex) return [];
  const all: Entry[] = [];
  while ((all.at(-1)?.index ?? 0) < store.lastIndex) {
    const lo = (all.at(-1)?.index ?? store.firstIndex - 1) + 1;
    all.push(...((await store.read(lo, store.lastIndex + 1, 1000)) ?? []));
  }
  return all;
}

const marks = new TextEncoder();

/** What every log store promises; run on each implementation. */
export function complyAsLogStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a log store`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.remove());

    it("is empty at first and counts its boots", async () => {
      const first = await under.open();
      assert.deepEqual(
        [first.boot, first.firstIndex, first.lastIndex, first.term(0), first.snapshot.index],
        [1, 1, 0, 0, 0],
      );
      await first.close();
      const second = await under.open();
      assert.equal(second.boot, 2);
      await second.close();
    });

    it("gives back entries of both types and the hard state after a reopening", async () => {
      const store = await under.open();
      const change: Entry = { type: "conf-change", index: 3, term: 2, data: new Uint8Array() };
      const entries = [...run(1, 2, 1), change, ...run(4, 6, 2, 300)];
      await store.write({ entries, hardState: { term: 2, vote: 7, commit: 3 }, snapshot: null });
      await store.close();
      const again = await under.open();
      assert.deepEqual(again.hardState, { term: 2, vote: 7, commit: 3 });
      assert.deepEqual(await contents(again), entries);
      assert.deepEqual(again.entries(1, 7, 1e6), entries);
      assert.deepEqual(
        [0, 1, 2, 3, 6, 7].map((i) => again.term(i)),
        [0, 1, 1, 2, 2, undefined],
      );
      await again.close();
    });

    it("replaces the tail from the first index of a write, inside a pack too", async () => {
      const store = await under.open();
      await store.write(appendOf(run(1, 10, 1)));
      await store.write(appendOf(run(11, 20, 1)));
      await store.write(appendOf(run(6, 7, 2)));
      const expected = [...run(1, 5, 1), ...run(6, 7, 2)];
      assert.deepEqual(await contents(store), expected);
      assert.equal(store.lastIndex, 7);
      await store.close();
      const again = await under.open();
      assert.deepEqual(await contents(again), expected);
      await again.close();
    });

    it("applies writes in the order in which they were made", async () => {
      const store = await under.open();
      const writes = [run(1, 3, 1), run(4, 9, 1), run(5, 6, 2), run(7, 7, 2)].map((entries) =>
        store.write(appendOf(entries)),
      );
      await Promise.all(writes);
      assert.deepEqual(await contents(store), [...run(1, 4, 1), ...run(5, 7, 2)]);
      await store.close();
    });

    it("limits a read by bytes but always gives one entry", async () => {
      const store = await under.open();
      await store.write(appendOf(run(1, 5, 1, 100)));
      assert.equal(store.entries(1, 6, 250)?.length, 2);
      assert.equal((await store.read(1, 6, 250))?.length, 2);
      assert.equal(store.entries(2, 6, 0)?.length, 1);
      assert.equal((await store.read(2, 6, 0))?.length, 1);
      await store.close();
    });

    it("keeps only the newest entries in memory and reads older ones from the disk", async () => {
      const store = await under.open(2000);
      await store.write(appendOf(run(1, 50, 1, 100)));
      assert.equal(store.entries(1, 51, 1e6), undefined);
      assert.equal(store.entries(45, 51, 1e6)?.length, 6);
      assert.deepEqual(await store.read(1, 51, 1e6), run(1, 50, 1, 100));
      await store.close();
    });

    it("compacts what a snapshot covers and keeps the rest", async () => {
      const store = await under.open();
      for (let i = 1; i <= 10; i++) await store.write(appendOf(run(i * 10 - 9, i * 10, 1)));
      const snapshot = { index: 60, term: 1, data: marks.encode("sixty") };
      await store.write({ entries: [], hardState: null, snapshot });
      assert.equal(store.firstIndex, 1);
      await store.compact(50);
      assert.ok(store.firstIndex > 41 && store.firstIndex <= 51, `${store.firstIndex}`);
      assert.equal(store.term(store.firstIndex - 1), 1);
      assert.equal(await store.read(1, 5, 100), undefined);
      const expected = run(store.firstIndex, 100, 1);
      await store.close();
      const again = await under.open();
      assert.deepEqual(again.snapshot, snapshot);
      assert.deepEqual(await contents(again), expected);
      await again.close();
    });

    it("keeps the log when an installed snapshot is part of it", async () => {
      const store = await under.open();
      await store.write(appendOf([...run(1, 5, 1), ...run(6, 9, 2)]));
      const snapshot = { index: 6, term: 2, data: marks.encode("six") };
      await store.write({ entries: [], hardState: null, snapshot });
      assert.equal(store.lastIndex, 9);
      await store.close();
    });

    for (const [what, index, term] of [
      ["goes beyond it", 20, 3],
      ["contradicts it", 6, 3],
    ] as const)
      it(`discards the log when an installed snapshot ${what}`, async () => {
        const store = await under.open();
        await store.write(appendOf([...run(1, 5, 1), ...run(6, 9, 2)]));
        const snapshot = { index, term, data: marks.encode("new") };
        await store.write({
          entries: [],
          hardState: { term: 3, vote: 0, commit: index },
          snapshot,
        });
        assert.deepEqual([store.firstIndex, store.lastIndex], [index + 1, index]);
        assert.equal(store.term(index), term);
        await store.write(appendOf(run(index + 1, index + 2, 3)));
        await store.close();
        const again = await under.open();
        assert.deepEqual(await contents(again), run(index + 1, index + 2, 3));
        assert.deepEqual(again.snapshot, snapshot);
        await again.close();
      });

    it("ignores a snapshot that was overtaken by a newer one", async () => {
      const store = await under.open();
      await store.write(appendOf(run(1, 9, 1)));
      const newer = { index: 20, term: 2, data: marks.encode("twenty") };
      await store.write({ entries: [], hardState: null, snapshot: newer });
      await store.write(appendOf(run(21, 25, 2)));
      const older = { index: 8, term: 1, data: marks.encode("eight") };
      await store.write({ entries: [], hardState: null, snapshot: older });
      assert.deepEqual([store.firstIndex, store.lastIndex], [21, 25]);
      assert.deepEqual(store.snapshot, newer);
      await store.close();
      const again = await under.open();
      assert.deepEqual(again.snapshot, newer);
      assert.deepEqual(await contents(again), run(21, 25, 2));
      await again.close();
    });

    it("holds what a plain array would hold, whatever is appended, cut and reopened", async () => {
      const step = fc.record({
        back: fc.nat(6),
        count: fc.integer({ min: 1, max: 5 }),
        newTerm: fc.boolean(),
        size: fc.nat(40),
        reopen: fc.boolean(),
      });
      let opened: LogStore | undefined;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          await opened?.close();
          await under.remove();
          under = await make();
          let store = (opened = await under.open(400));
          let model: Entry[] = [];
          let term = 1;
          for (const { back, count, newTerm, size, reopen } of steps) {
            if (newTerm) term++;
            const first = Math.max(1, model.length + 1 - back);
            const entries = run(first, first + count - 1, term, size);
            model = [...model.slice(0, first - 1), ...entries];
            await store.write(appendOf(entries));
            if (reopen) {
              await store.close();
              store = opened = await under.open(400);
            }
            assert.deepEqual(await contents(store), model);
            for (const { index, term: at } of model) assert.equal(store.term(index), at);
          }
        }),
        { numRuns: 15 },
      );
      await opened?.close();
    });
  });
}
