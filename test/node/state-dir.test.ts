import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateDir } from "../../node/state-dir.ts";

describe("a state directory", () => {
  let dir: string;
  let state: StateDir;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-state-"));
    state = await StateDir.open(dir);
  });
  afterEach(async () => {
    await state.close();
    await rm(dir, { recursive: true });
  });

  it("loses what belongs to a membership with it, and nothing else that lies there", async () => {
    await state.save({
      version: 1,
      nodeId: "n1",
      clusterId: "c1",
      listen: { host: "127.0.0.1", port: 2377 },
      advertise: { host: "127.0.0.1", port: 2377 },
      raftPort: 2378,
      managers: [],
    });
    for (const name of ["certificates", "raft", "runtime", "worker", "photos"]) {
      await mkdir(state.join(name));
      await writeFile(state.join(name, "file"), "");
    }
    await writeFile(state.join("thesis.txt"), "");
    await writeFile(state.join("audit.log"), "");
    await state.wipe();
    assert.equal(await state.load(), undefined);
    const left = ["audit.log", "photos", "swarmd.pid", "thesis.txt"];
    assert.deepEqual((await readdir(dir)).sort(), left);
  });

  it("never loses what is in a volume, be it local or one that is still mounted", async () => {
    const data = ["runtime/processes/volumes/db/_data", "worker/volumes/v1/target"];
    for (const path of [...data, "runtime/processes/logs", "worker/tasks"]) {
      await mkdir(state.join(path), { recursive: true });
      await writeFile(state.join(path, "file"), "");
    }
    await state.wipe();
    for (const path of data) assert.deepEqual(await readdir(state.join(path)), ["file"]);
    assert.deepEqual(await readdir(state.join("worker")), ["volumes"]);
    assert.deepEqual(await readdir(state.join("runtime/processes")), ["volumes"]);
    for (const path of data) await rm(state.join(path, "../.."), { recursive: true });
    await mkdir(state.join("worker/volumes"));
    await state.wipe();
    assert.deepEqual(await readdir(dir), ["swarmd.pid"]);
  });
});
