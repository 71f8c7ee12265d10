import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditCommand, AuditLog, type AuditEntry } from "../../../manager/reach/audit-log.ts";

const FILE_BYTES_MAX = 2_000;

function entry(id: string): AuditEntry {
  return {
    time: "2026-01-01T00:00:00.000Z",
    id,
    event: "begin",
    action: "exec",
    manager: "m1",
    client: "me@here",
    tasks: ["t1"],
    services: ["s1"],
    node: "n1",
    command: "ls",
  };
}

describe("audit log", () => {
  let dir: string;
  let path: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-audit-"));
    path = join(dir, "audit.log");
  });
  afterEach(() => rm(dir, { recursive: true }));

  const idsIn = async (name: string): Promise<string[]> => {
    const text = await readFile(join(dir, name), "utf8");
    const lines = text.trim().split("\n");
    return lines.map((line) => (JSON.parse(line) as AuditEntry).id);
  };

  it("keeps entries in order, however many come at once", async () => {
    const log = new AuditLog({ path });
    const ids = Array.from({ length: 50 }, (_, i) => `e${i}`);
    await Promise.all(ids.map((id) => log.record(entry(id))));
    assert.deepEqual(await idsIn("audit.log"), ids);
  });

  it("goes on in the file of an earlier run, and closes one that was open to others", async () => {
    await writeFile(path, "");
    await chmod(path, 0o644);
    await new AuditLog({ path }).record(entry("first"));
    await new AuditLog({ path }).record(entry("second"));
    assert.deepEqual(await idsIn("audit.log"), ["first", "second"]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("takes no more room than five files, of which it deletes the oldest", async () => {
    const log = new AuditLog({ path, fileBytesMax: FILE_BYTES_MAX });
    for (let i = 0; i < 200; i++) await log.record(entry(`e${i}`));
    const names = (await readdir(dir)).sort();
    const old = [1, 2, 3, 4].map((n) => `audit.${n}.log`);
    assert.deepEqual(names, [...old, "audit.log"]);
    for (const name of names) {
      const { size, mode } = await stat(join(dir, name));
      assert.ok(size <= FILE_BYTES_MAX, `${name} has ${size} bytes`);
      assert.equal(mode & 0o777, 0o600);
    }
    assert.equal((await idsIn("audit.log")).at(-1), "e199");
    const kept = await Promise.all([...old.reverse(), "audit.log"].map(idsIn));
    const numbers = kept.flat().map((id) => Number(id.slice(1)));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => 200 - numbers.length + i),
      "without a gap",
    );
  });

  it("cuts long commands", () => {
    assert.equal(auditCommand(["sh", "-c", "x".repeat(5_000)]).length, 1_024);
  });
});
