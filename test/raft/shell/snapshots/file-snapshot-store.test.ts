import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../../lib/random.ts";
import { DataCipher } from "../../../../raft/shell/keys/data-cipher.ts";
import { nextKey } from "../../../../raft/shell/keys/keyring.ts";
import { FileSnapshotStore } from "../../../../raft/shell/snapshots/file-snapshot-store.ts";
import { complyAsSnapshotStore, contentOf, pattern } from "../snapshot-store-compliance.ts";

const random = new SeededRandom("snapshots");
const cipher = new DataCipher([nextKey([], random)], random);

for (const [name, seal] of [
  ["FileSnapshotStore", null],
  ["FileSnapshotStore with encryption", cipher],
] as const)
  complyAsSnapshotStore(name, async () => {
    const directory = await mkdtemp(join(tmpdir(), "skep-snapshots-"));
    return {
      open: () => FileSnapshotStore.open(directory, seal),
      remove: () => rm(directory, { recursive: true }),
    };
  });

describe("FileSnapshotStore", () => {
  const key = { index: 7, term: 3 };
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-snapshots-"));
    const store = await FileSnapshotStore.open(directory, cipher);
    const writer = await store.create(key);
    await writer.write(pattern(600_000));
    await writer.finish();
    path = join(directory, (await readdir(directory))[0] ?? "");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("keeps files to their owner, and shows nothing of their content", async () => {
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.ok(!(await readFile(path)).includes(Buffer.from(pattern(64))));
  });

  it("removes what an interrupted life left unfinished", async () => {
    await writeFile(join(directory, "9-3.snapshot.partial"), "half");
    await FileSnapshotStore.open(directory, cipher);
    assert.equal((await readdir(directory)).length, 1);
  });

  it("notices a changed bit, a cut and a file under another name", async () => {
    const store = await FileSnapshotStore.open(directory, cipher);
    const bytes = await readFile(path);
    const changed = Buffer.from(bytes);
    changed[400_000] = (changed[400_000] ?? 0) ^ 1;
    await writeFile(path, changed);
    await assert.rejects(contentOf(store, key), /damaged/);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    await assert.rejects(contentOf(store, key), /damaged/);
    await writeFile(path, bytes);
    await rename(path, path.replace("7-3", "8-3"));
    await assert.rejects(contentOf(store, { index: 8, term: 3 }), /damaged/);
  });
});
