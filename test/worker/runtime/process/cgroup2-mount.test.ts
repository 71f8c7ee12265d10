import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRetryable, isSwarmError } from "../../../../lib/errors.ts";
import { V2, type Controller } from "../../../../worker/runtime/process/cgroup-versions.ts";
import { Cgroups, openCgroups, toLimits } from "../../../../worker/runtime/process/cgroups.ts";
import { sandboxRefusal } from "../../../../worker/runtime/process/sandbox.ts";
import { make } from "../../../../proto/codec.ts";
import { eventually } from "../../../fakes/eventually.ts";
import { skipWhere } from "../../../skip-where.ts";

/** A setting whose file every group has. */
const oneFile = () => [{ controller: "pids" as const, file: "cgroup.max.descendants", value: "7" }];
const CONTROLLERS: readonly Controller[] = ["cpu", "memory", "pids"];

/**
 * The kernel's own control groups of version 2, mounted where only this test sees them. A kernel that
 * has its controllers in version 1 offers none of ours here; how groups are made, handed controllers,
 * joined and removed is the same for all.
 */
describe("control groups of version 2, as the kernel has them", () => {
  let dir: string;
  let holder: ChildProcess;
  let root: string;
  let offered: readonly string[];
  /** What the root handed down before. */
  let handed: string;
  const name = `test-${process.pid}`;
  const children: ChildProcess[] = [];

  before(async function () {
    skipWhere(this, sandboxRefusal());
    dir = await mkdtemp(join(tmpdir(), "skep-cgroup2-"));
    const script = 'mount -t cgroup2 none "$1" && echo mounted && exec sleep 1000';
    const args = ["--mount", "--", "/bin/sh", "-c", script, "sh", dir];
    holder = spawn("/usr/bin/unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
    assert.ok(holder.stdout);
    const [said] = await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
    assert.equal(String(said), "mounted\n");
    root = `/proc/${holder.pid}/root${dir}`;
    handed = readFileSync(join(root, "cgroup.subtree_control"), "latin1");
    offered = readFileSync(join(root, "cgroup.controllers"), "latin1").trim().split(" ");
  });

  after(async () => {
    for (const child of children.filter(({ exitCode, signalCode }) => !(exitCode ?? signalCode))) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    if (root) restore();
    holder?.kill("SIGKILL");
    if (dir) await rm(dir, { recursive: true });
  });

  /** The machine is left as it was found. */
  function restore(): void {
    const groups = openCgroups({ root, name });
    for (const task of groups?.tasks() ?? []) groups?.remove(task);
    const [controller = ""] = offered;
    if (controller === "" || handed.split(/\s/).includes(controller)) return;
    for (const at of [join(root, "skep"), root])
      if (existsSync(at)) appendFileSync(join(at, "cgroup.subtree_control"), `-${controller}`);
  }

  /** A process that joins control groups as a task's first one does. */
  async function member(files: readonly string[]): Promise<ChildProcess> {
    const script = 'for file; do echo 0 > "$file" || exit 1; done; exec sleep 1000';
    const child = spawn("/bin/sh", ["-c", script, "sh", ...files], { stdio: "ignore" });
    children.push(child);
    await eventually("the process has joined", () =>
      readFileSync(`/proc/${child.pid}/cmdline`, "latin1").startsWith("sleep"),
    );
    return child;
  }

  it("are found, and a limit that they do not offer is refused by the name of its controller", () => {
    const groups = openCgroups({ root, name });
    assert.equal(groups?.version, "v2");
    const [missing] = CONTROLLERS.filter((one) => !offered.includes(one));
    if (missing === undefined) return;
    const limits = make("Resources", { nanoCpus: 1e9, memoryBytes: 1 << 30, pids: 10 });
    const requirements = make("ResourceRequirements", { limits });
    assert.throws(
      () => groups.create("t1", toLimits(requirements, null)),
      (error) =>
        isSwarmError(error, "failed-precondition") &&
        CONTROLLERS.some((one) => error.message.includes(`no ${one} controller`)),
    );
    assert.deepEqual(groups.tasks(), []);
  });

  it("hand a controller down, are joined, and are removed when nobody is in them", async () => {
    const [controller = ""] = offered;
    const version = {
      ...V2,
      enable: (...[at, base]: Parameters<typeof V2.enable>) =>
        controller === "" || V2.enable(at, base, controller as Controller),
      settings: oneFile,
    };
    const groups = new Cgroups({ root, name }, version);
    const task = join(root, "skep", name, "t1");
    const files = groups.create("t1", toLimits(null, null));
    assert.deepEqual(files, [join(task, "cgroup.procs")]);
    const read = (file: string): string => readFileSync(join(task, file), "latin1").trim();
    assert.equal(read("cgroup.max.descendants"), "7");
    assert.equal(read("cgroup.controllers"), controller);

    const child = await member(files);
    assert.equal(read("cgroup.procs"), String(child.pid));
    assert.deepEqual([groups.tasks(), groups.joinFiles("t1")], [["t1"], files]);
    assert.throws(() => groups.remove("t1"), isRetryable);
    child.kill("SIGKILL");
    await once(child, "exit");
    groups.remove("t1");
    assert.deepEqual(groups.tasks(), []);
  });

  it("tell what is in the way where a group with processes is to hand a controller down", async function () {
    const [controller = ""] = offered;
    skipWhere(this, controller === "" ? "the kernel has all its controllers in version 1" : "");
    const groups = new Cgroups({ root, name }, { ...V2, enable: () => true, settings: oneFile });
    const child = await member(groups.create("busy", toLimits(null, null)));
    const inside = join(root, "skep", name, "busy");
    assert.ok(V2.enable(root, join("skep", name), controller as Controller));
    assert.throws(
      () => V2.enable(inside, "below", controller as Controller),
      (error) =>
        isSwarmError(error, "failed-precondition") && /\(EBUSY\): move/.test(error.message),
    );
    rmdirSync(join(inside, "below"));
    child.kill("SIGKILL");
    await once(child, "exit");
    groups.remove("busy");
  });
});
