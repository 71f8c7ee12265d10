import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LevelLogStore } from "../../../../raft/shell/log/level-log-store.ts";
import { contents, run } from "../log-store-compliance.ts";
import { refusalOf } from "./refusal.ts";

const WRITES = 100;

describe("a log store's journal", () => {
  let directory: string;
  let live: string;
  let copy: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-journal-"));
    live = join(directory, "live");
    copy = join(directory, "copy");
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Writes of one entry each, then the files as a killed process leaves them, in `copy`. */
  async function killed(between: (at: number) => Promise<void> = async () => {}): Promise<void> {
    const store = await LevelLogStore.open({ directory: live });
    for (let i = 1; i <= WRITES; i++) {
      const hardState = { term: 1, vote: 3, commit: i - 1 };
      await store.write({ entries: run(i, i, 1, 200), hardState, snapshot: null });
      await between(i);
    }
    await cp(live, copy, { recursive: true });
    await store.close();
  }

  /** Changes the part of the journal that was written. */
  async function change(edit: (written: Buffer) => void): Promise<void> {
    const path = join(copy, "journal");
    const bytes = await readFile(path);
    edit(bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1));
    await writeFile(path, bytes);
  }

  async function opened(): Promise<{ readonly lastIndex: number; readonly boot: number }> {
    const store = await LevelLogStore.open({ directory: copy });
    const { lastIndex, boot } = store;
    assert.deepEqual(await contents(store), run(1, lastIndex, 1, 200));
    assert.deepEqual(store.hardState, { term: 1, vote: 3, commit: lastIndex - 1 });
    await store.close();
    return { lastIndex, boot };
  }

  it("gives a killed process everything back, again and again", async () => {
    await killed();
    assert.deepEqual(await opened(), { lastIndex: WRITES, boot: 2 });
    assert.deepEqual(await opened(), { lastIndex: WRITES, boot: 3 });
  });

  it("goes on from its start when it is full", async () => {
    const journalBytes = 6000;
    const store = await LevelLogStore.open({ directory: live, journalBytes });
    for (let i = 1; i <= WRITES; i++) {
      const hardState = { term: 1, vote: 3, commit: i - 1 };
      await store.write({ entries: run(i, i, 1, 200), hardState, snapshot: null });
      if (i % 17 !== 0) continue;
      await cp(live, copy, { recursive: true });
      assert.equal((await opened()).lastIndex, i);
      await rm(copy, { recursive: true });
    }
    await store.close();
    assert.equal((await stat(join(live, "journal"))).size, journalBytes);
  });

  it("gives back what the database lost of its last batch", async () => {
    await killed();
    await rm(copy, { recursive: true });
    await cp(join(directory, "live"), copy, { recursive: true });
    await rm(join(copy, "log"), { recursive: true });
    assert.equal((await opened()).lastIndex, WRITES);
  });

  it("takes a last write that is torn, and was not acknowledged, for not made", async () => {
    await killed();
    const before = join(directory, "before");
    const store = await LevelLogStore.open({ directory: copy });
    await cp(join(copy, "head"), before);
    await store.write({
      entries: run(WRITES + 1, WRITES + 1, 1, 200),
      hardState: null,
      snapshot: null,
    });
    const torn = join(directory, "torn");
    await cp(copy, torn, { recursive: true });
    await store.close();
    await cp(before, join(torn, "head"));
    copy = torn;
    await change((written) => {
      // A new life begins at the start of the file: its first write, the second is torn.
      const second = written.indexOf("skpj", 8);
      written.fill(0, second + 300, second + 350);
    });
    assert.deepEqual(await opened(), { lastIndex: WRITES, boot: 3 });
  });

  it("refuses a flipped bit in the middle, whatever the anchor knows", async () => {
    await killed();
    await change((written) => {
      const at = written.length >>> 1;
      written[at] = (written[at] ?? 0) ^ 4;
    });
    assert.match(
      await refusalOf(copy),
      /write \d+ is missing in the journal, which goes on to write 101/,
    );
  });

  it("refuses zeroed pages in the middle", async () => {
    await killed();
    await change((written) => written.fill(0, 20_480, 24_576));
    assert.match(await refusalOf(copy), /is missing in the journal/);
  });

  it("refuses a tail that was lost", async () => {
    await killed();
    await change((written) => written.fill(0, written.length - 4096));
    assert.match(await refusalOf(copy), /writes older than what was acknowledged/);
  });

  it("refuses an old copy of it, a cut file and a missing one", async () => {
    const old = join(directory, "old");
    await killed(async (at) => {
      if (at === 50) await cp(join(live, "journal"), old);
    });
    await cp(old, join(copy, "journal"));
    assert.match(await refusalOf(copy), /50 writes older/);
    await writeFile(join(copy, "journal"), (await readFile(old)).subarray(0, 9000));
    assert.match(await refusalOf(copy), /writes older/);
    await rm(join(copy, "journal"));
    assert.match(await refusalOf(copy), /50 writes older/);
  });

  it("refuses a database that is older than its first write", async () => {
    const old = join(directory, "old");
    await killed(async (at) => {
      if (at === 50) await cp(join(live, "log"), old, { recursive: true });
    });
    // The next life's journal begins behind all that.
    const store = await LevelLogStore.open({ directory: copy });
    await store.close();
    await rm(join(copy, "log"), { recursive: true });
    await cp(old, join(copy, "log"), { recursive: true });
    await change((written) => written.fill(0, written.indexOf("skpj", 8)));
    assert.match(
      await refusalOf(copy),
      /write 1 is missing in the journal, which goes on to write 102/,
    );
  });

  it("refuses the journal of another member", async () => {
    await killed();
    const other = join(directory, "other");
    const store = await LevelLogStore.open({ directory: other });
    for (let i = 1; i <= WRITES; i++)
      await store.write({ entries: run(i, i, 2, 200), hardState: null, snapshot: null });
    await cp(join(other, "journal"), join(copy, "journal"));
    await store.close();
    assert.match(await refusalOf(copy), /different histories/);
  });

  it("keeps its file to the owner", async () => {
    const store = await LevelLogStore.open({ directory: live });
    assert.equal((await stat(join(live, "journal"))).mode & 0o777, 0o600);
    await store.close();
  });
});
