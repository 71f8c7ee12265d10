import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openThread } from "../../../raft/shell/open-raft.ts";
import { eventually } from "../../fakes/eventually.ts";
import { RaftGroup, type OpenRaft, type TestMember } from "../../fakes/raft-group.ts";

const run = promisify(execFile);

const MIB = 1024 * 1024;

/** More than a member asks for to take changes. */
const DISK_BYTES = 128 * MIB;

/** What is left for the log of a member that is to run out of disk. */
const REST_BYTES = MIB;

const WAIT_MS = 60_000;

/** A member in a thread of its own whose state directory is a small disk; needs root to mount it. */
describe("a Raft member on a disk that is full", function () {
  this.timeout(240_000);
  let mount: string;
  let group: RaftGroup;
  const lines: string[] = [];

  before(async () => {
    mount = await mkdtemp(join(tmpdir(), "skep-full-"));
    await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", mount]);
    const open: OpenRaft = async (options, modules, signal) => {
      const small = options.self.nodeId === "node2";
      const stateDir = small ? join(mount, "raft") : options.stateDir;
      return (await openThread({ ...options, stateDir }, modules, signal)).host;
    };
    group = await RaftGroup.start(3, { tickMs: 100 }, open);
  });

  after(async () => {
    await group?.close();
    await run("umount", ["--lazy", mount]);
    await rm(mount, { recursive: true });
  });

  /** Leaves `bytes` on the small disk. */
  async function leave(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(mount);
    await writeFile(join(mount, "ballast"), new Uint8Array(Math.max(0, bavail * bsize - bytes)));
  }

  async function propose(text: string): Promise<void> {
    await group.propose(text);
    lines.push(text);
  }

  const member = (): TestMember => group.members[1] as TestMember;
  const others = (): TestMember[] => group.members.filter((one) => one !== member());

  it("gives leadership away, ends when it cannot write, and comes back without a loss", async () => {
    await propose("before");
    const leader = await group.leader();
    if (leader !== member()) await leader.node.transferLeadership(group.signal, member().node.id);
    await eventually("the member leads", () => member().node.status().leading > 0, WAIT_MS);
    await leave(REST_BYTES);
    await eventually(
      "another leads",
      () => others().some(({ node }) => node.status().leading > 0),
      WAIT_MS,
    );

    // It follows as long as it can, and ends with the reason when its log cannot grow.
    const ended = member()
      .node.closed()
      .then(
        () => assert.fail("it ended without a reason"),
        (error: unknown) => error as Error,
      );
    let over = false;
    void ended.then(() => (over = true));
    for (let i = 0; !over; i++) await propose(`${i} ${"x".repeat(64 * 1024)}`);
    assert.match((await ended).message, /the disk is full: free some space/);
    await propose("without it");
    await group.agree(lines, others());

    // Nor does it start before there is room.
    await assert.rejects(group.restart(member()), { code: "exhausted" });
    await rm(join(mount, "ballast"));
    await group.restart(member());
    await propose("after");
    await group.agree(lines);
  });
});
