import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LevelLogStore } from "../../../../raft/shell/log/level-log-store.ts";
import { appendOf, complyAsLogStore, run } from "../log-store-compliance.ts";
import { refusalOf } from "./refusal.ts";

for (const [name, journalBytes] of [
  ["LevelLogStore", undefined],
  ["LevelLogStore with a journal for a few writes", 4096],
  ["LevelLogStore without a journal", 0],
] as const)
  complyAsLogStore(name, async () => {
    const directory = await mkdtemp(join(tmpdir(), "skep-log-"));
    const sized = journalBytes === undefined ? {} : { journalBytes };
    return {
      open: (cacheBytes = 1e6) => LevelLogStore.open({ directory, cacheBytes, ...sized }),
      remove: () => rm(directory, { recursive: true }),
    };
  });

/** The write-ahead file LevelDB is writing to. */
async function currentLogFile(directory: string): Promise<string> {
  const names = await readdir(join(directory, "log"));
  const logs = names.filter((name) => name.endsWith(".log")).toSorted();
  const sizes = await Promise.all(
    logs.map(async (name) => (await stat(join(directory, "log", name))).size),
  );
  return join(directory, "log", logs[sizes.indexOf(Math.max(...sizes))] ?? "");
}

describe("LevelLogStore after damage of its database", () => {
  let directory: string;
  let copy: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-log-"));
    copy = join(directory, "copy");
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** 400 synced writes, then the files as a killed process leaves them, in `copy`. */
  async function killed(between?: () => Promise<void>): Promise<void> {
    const live = join(directory, "live");
    const store = await LevelLogStore.open({ directory: live, journalBytes: 0 });
    for (let i = 1; i <= 400; i++) {
      const hardState = { term: 1, vote: 3, commit: i - 1 };
      await store.write({ entries: run(i, i, 1, 200), hardState, snapshot: null });
      if (i === 200) await between?.();
    }
    await cp(live, copy, { recursive: true });
    await store.close();
  }

  it("opens what a killed process left", async () => {
    await killed();
    const store = await LevelLogStore.open({ directory: copy });
    assert.equal(store.lastIndex, 400);
    assert.deepEqual(store.hardState, { term: 1, vote: 3, commit: 399 });
    await store.close();
  });

  it("refuses a flipped bit in the middle", async () => {
    await killed();
    const file = await currentLogFile(copy);
    const bytes = await readFile(file);
    const at = bytes.length >>> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    await writeFile(file, bytes);
    assert.match(await refusalOf(copy), /missing/);
  });

  it("refuses zeroed pages in the middle", async () => {
    await killed();
    const file = await currentLogFile(copy);
    const bytes = await readFile(file);
    bytes.fill(0, 40_960, 45_056);
    await writeFile(file, bytes);
    await refusalOf(copy);
  });

  it("refuses a tail that was cut off", async () => {
    await killed();
    const file = await currentLogFile(copy);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 100));
    assert.match(await refusalOf(copy), /1 writes older/);
  });

  it("refuses a zeroed tail", async () => {
    await killed();
    const file = await currentLogFile(copy);
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0, bytes.length - 4096));
    assert.match(await refusalOf(copy), /older than what was acknowledged/);
  });

  it("refuses an old copy of the database", async () => {
    const old = join(directory, "old");
    await killed(() => cp(join(directory, "live", "log"), old, { recursive: true }));
    await rm(join(copy, "log"), { recursive: true });
    await cp(old, join(copy, "log"), { recursive: true });
    assert.match(await refusalOf(copy), /200 writes older/);
  });

  it("refuses a missing anchor, and a missing database", async () => {
    await killed();
    const anchor = await readFile(join(copy, "head"));
    await rm(join(copy, "head"));
    assert.match(await refusalOf(copy), /anchor/);
    await writeFile(join(copy, "head"), anchor);
    await rm(join(copy, "log"), { recursive: true });
    assert.match(await refusalOf(copy), /lost its head/);
  });

  it("survives a torn write of one anchor slot", async () => {
    await killed();
    const anchor = await readFile(join(copy, "head"));
    // 1 boot and 400 writes: the newest sequence number is odd, in the second slot.
    anchor.fill(0, 4096 + 50, 4096 + 100);
    await writeFile(join(copy, "head"), anchor);
    const store = await LevelLogStore.open({ directory: copy });
    assert.equal(store.lastIndex, 400);
    await store.close();
  });

  it("keeps its files to the owner and refuses a second opening", async () => {
    const live = join(directory, "live");
    const store = await LevelLogStore.open({ directory: live });
    await store.write(appendOf(run(1, 1, 1)));
    assert.equal((await stat(live)).mode & 0o777, 0o700);
    assert.equal((await stat(join(live, "head"))).mode & 0o777, 0o600);
    await assert.rejects(LevelLogStore.open({ directory: live }), { code: "failed-precondition" });
    await store.close();
  });
});
