import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LevelLogStore } from "../../../../raft/shell/log/level-log-store.ts";
import { storageError } from "../../../../raft/shell/log/storage-error.ts";

/** What one file may take, in the shell's blocks of 512 bytes: the journal, not twice as much. */
const LIMIT_BLOCKS = 3000;

describe("a log store whose disk takes no more", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-log-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("fails for good with a typed error and has everything it acknowledged", async () => {
    const script = join(import.meta.dirname, "write-until-failure.ts");
    const command = `ulimit -f ${LIMIT_BLOCKS}; exec "$0" --import=tsx "$1" "$2"`;
    const args = ["-c", command, process.execPath, script, directory];
    const { stdout } = await promisify(execFile)("sh", args);
    const { code, again, lastIndex } = JSON.parse(stdout);
    assert.equal(code, "internal");
    assert.equal(again, "refused");
    assert.ok(lastIndex > 200, `${lastIndex} entries fitted`);
    const store = await LevelLogStore.open({ directory });
    assert.equal(store.lastIndex, lastIndex);
    await store.close();
  });

  it("says what to do about a full disk", () => {
    const cause = new Error("IO error: 000005.log: No space left on device");
    const error = storageError("writing the Raft log in", "/var/lib/x", cause);
    assert.equal(error.code, "exhausted");
    assert.match(error.message, /\/var\/lib\/x failed because the disk is full: free some space/);
  });
});
