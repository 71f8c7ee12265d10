import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSwarmError } from "../../../../lib/errors.ts";
import { make } from "../../../../proto/codec.ts";
import {
  isLimited,
  openCgroups,
  toLimits,
  type Cgroups,
} from "../../../../worker/runtime/process/cgroups.ts";

const REQUIREMENTS = make("ResourceRequirements", {
  limits: make("Resources", { nanoCpus: 25e7, memoryBytes: 64 << 20, pids: 30 }),
});

/** A directory that looks like a kernel's, but for files that appear by themselves. */
describe("control groups of tasks", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "skep-cgroup-"));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function openV1(controllers = ["cpu", "memory", "pids", "devices"]): Cgroups {
    for (const name of controllers) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, "cgroup.procs"), "");
    }
    const groups = openCgroups({ root, name: "w1" });
    assert.ok(groups);
    return groups;
  }

  function openV2(controllers = "cpuset cpu io memory pids"): Cgroups {
    writeFileSync(join(root, "cgroup.controllers"), `${controllers}\n`);
    const groups = openCgroups({ root, name: "w1" });
    assert.ok(groups);
    return groups;
  }

  const read = (path: string): string => readFileSync(join(root, path), "utf8");

  it("v1: each hierarchy has the limits that are its own", () => {
    const groups = openV1();
    assert.equal(groups.version, "v1");
    const joined = groups.create("t1", toLimits(REQUIREMENTS, null));
    assert.equal(read("cpu/skep/w1/t1/cpu.cfs_quota_us"), "25000");
    assert.equal(read("cpu/skep/w1/t1/cpu.cfs_period_us"), "100000");
    assert.equal(read("memory/skep/w1/t1/memory.limit_in_bytes"), String(64 << 20));
    assert.equal(read("memory/skep/w1/t1/memory.memsw.limit_in_bytes"), String(128 << 20));
    assert.equal(read("pids/skep/w1/t1/pids.max"), "30");
    assert.deepEqual(
      joined,
      ["cpu", "memory", "pids"].map((name) => join(root, name, "skep/w1/t1/cgroup.procs")),
    );
  });

  it("v1: a task is kept to its devices", () => {
    const groups = openV1();
    groups.create("t1", toLimits(null, ["c 1:3 rwm"]));
    assert.equal(read("devices/skep/w1/t1/devices.deny"), "a");
    assert.equal(read("devices/skep/w1/t1/devices.allow"), "c 1:3 rwm");
  });

  it("v2: one group has all limits, and every group above passes the controllers on", () => {
    const groups = openV2();
    assert.equal(groups.version, "v2");
    const joined = groups.create("t1", toLimits(REQUIREMENTS, ["c 1:3 rwm"]));
    assert.equal(read("skep/w1/t1/cpu.max"), "25000 100000");
    assert.equal(read("skep/w1/t1/memory.max"), String(64 << 20));
    assert.equal(read("skep/w1/t1/memory.swap.max"), String(64 << 20));
    assert.equal(read("skep/w1/t1/pids.max"), "30");
    for (const dir of ["", "skep", "skep/w1"])
      for (const name of ["cpu", "memory", "pids"])
        assert.ok(read(join(dir, "cgroup.subtree_control")).includes(`+${name}`), `${dir} ${name}`);
    assert.deepEqual(joined, [join(root, "skep/w1/t1/cgroup.procs")]);
  });

  it("swap is what the task asks for, or without end", () => {
    const swap = (value: number) => toLimits({ ...REQUIREMENTS, swapBytes: { value } }, null);
    const v1 = openV1();
    v1.create("t1", swap(1 << 20));
    assert.equal(read("memory/skep/w1/t1/memory.memsw.limit_in_bytes"), String(65 << 20));
    v1.create("t2", swap(-1));
    assert.equal(read("memory/skep/w1/t2/memory.memsw.limit_in_bytes"), "-1");
    const v2 = openV2();
    v2.create("t1", swap(0));
    assert.equal(read("skep/w1/t1/memory.swap.max"), "0");
    v2.create("t2", swap(-1));
    assert.equal(read("skep/w1/t2/memory.swap.max"), "max");
  });

  it("swappiness is set where the kernel has it for a group, else refused", () => {
    const limits = toLimits({ ...REQUIREMENTS, memorySwappiness: { value: 7 } }, null);
    openV1().create("t1", limits);
    assert.equal(read("memory/skep/w1/t1/memory.swappiness"), "7");
    assert.throws(
      () => openV2().create("t1", limits),
      (error) => isSwarmError(error, "failed-precondition"),
    );
  });

  it("a limit whose controller is missing is refused by name", () => {
    const limits = toLimits(REQUIREMENTS, null);
    assert.throws(() => openV1(["cpu", "memory"]).create("t1", limits), /no pids controller/);
    assert.throws(() => openV2("cpu memory").create("t1", limits), /no pids controller/);
  });

  it("what the kernel ended for lack of memory is counted", () => {
    const v1 = openV1();
    v1.create("t1", toLimits(REQUIREMENTS, null));
    assert.equal(v1.oomKills("t1"), 0);
    const oom = join(root, "memory/skep/w1/t1/memory.oom_control");
    writeFileSync(oom, "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    assert.equal(v1.oomKills("t1"), 2);
    const v2 = openV2();
    v2.create("t1", toLimits(REQUIREMENTS, null));
    writeFileSync(join(root, "skep/w1/t1/memory.events"), "oom 1\noom_kill 1\noom_group_kill 0\n");
    assert.equal(v2.oomKills("t1"), 1);
  });

  it("groups are found again and removed", () => {
    const groups = openV1();
    mkdirSync(join(root, "memory/skep/w1/t1"), { recursive: true });
    mkdirSync(join(root, "pids/skep/w1/t2"), { recursive: true });
    assert.deepEqual(groups.tasks(), ["t1", "t2"]);
    groups.remove("t1");
    groups.remove("t1");
    assert.equal(existsSync(join(root, "memory/skep/w1/t1")), false);
    assert.deepEqual(groups.tasks(), ["t2"]);
  });

  it("a group that is in use is an error to be tried again", () => {
    const groups = openV1();
    groups.create("t1", toLimits(REQUIREMENTS, null));
    // A file in it stands for a process in it: the directory cannot go.
    assert.throws(
      () => groups.remove("t1"),
      (error) => isSwarmError(error, "unavailable"),
    );
  });

  it("there are none where nothing may be written, and none for a task without limits", () => {
    assert.equal(openCgroups({ root: join(root, "nowhere"), name: "w1" }), null);
    assert.equal(isLimited(toLimits(null, null)), false);
    assert.equal(isLimited(toLimits(REQUIREMENTS, null)), true);
    assert.equal(isLimited(toLimits(null, [])), true);
  });
});
