import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  SNAPSHOT_CHUNK_BYTES,
  type SnapshotKey,
  type SnapshotStore,
} from "../../../raft/shell/snapshots/snapshot-store.ts";

export interface SnapshotsUnderTest {
  /** Opens the same store again. */
  open(): Promise<SnapshotStore>;
  remove(): Promise<void>;
}

/** Bytes that differ from place to place. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

export async function contentOf(
  store: SnapshotStore,
  key: SnapshotKey,
  offset = 0,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of store.read(key, offset)) {
    assert.ok(chunk.length <= SNAPSHOT_CHUNK_BYTES, "chunks are bounded");
    parts.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(parts);
}

/** What every snapshot store promises. */
export function complyAsSnapshotStore(name: string, make: () => Promise<SnapshotsUnderTest>): void {
  describe(`${name} as a snapshot store`, () => {
    const key = { index: 10, term: 2 };
    let under: SnapshotsUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.remove());

    async function put(at: SnapshotKey, content: Uint8Array, piece: number): Promise<void> {
      const writer = await (await under.open()).create(at);
      for (let from = 0; from < content.length; from += piece)
        await writer.write(content.subarray(from, from + piece));
      assert.equal(writer.size, content.length);
      const { size, sha256 } = await writer.finish();
      assert.equal(size, content.length);
      const expected = createHash("sha256").update(content).digest();
      assert.deepEqual(Buffer.from(sha256), expected);
    }

    for (const [what, size, piece] of [
      ["an empty one", 0, 1],
      ["one in small pieces", 70_000, 999],
      ["one of exactly one chunk", SNAPSHOT_CHUNK_BYTES, 4096],
      ["one of several chunks in large pieces", 3 * SNAPSHOT_CHUNK_BYTES + 5, 600_000],
    ] as const)
      it(`gives back ${what}, from any offset`, async () => {
        const content = pattern(size);
        await put(key, content, piece);
        const store = await under.open();
        for (const offset of [0, 1, Math.floor(size / 2), size]) {
          const found = await contentOf(store, key, offset);
          assert.ok(Buffer.from(content.subarray(offset)).equals(found), `from ${offset}`);
        }
      });

    it("replaces one of the same name only when the new one is finished", async () => {
      await put(key, pattern(100), 100);
      const store = await under.open();
      const writer = await store.create(key);
      await writer.write(pattern(50));
      assert.equal((await contentOf(store, key)).length, 100);
      await writer.finish();
      assert.equal((await contentOf(store, key)).length, 50);
    });

    it("forgets what was discarded", async () => {
      const store = await under.open();
      const writer = await store.create(key);
      await writer.write(pattern(50));
      await writer.discard();
      await assert.rejects(contentOf(store, key));
    });

    it("keeps only what it is told to keep", async () => {
      const other = { index: 20, term: 2 };
      await put(key, pattern(10), 10);
      await put(other, pattern(20), 20);
      const store = await under.open();
      await store.prune([other]);
      await assert.rejects(contentOf(store, key));
      assert.equal((await contentOf(store, other)).length, 20);
    });
  });
}
