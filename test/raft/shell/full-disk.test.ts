import assert from "node:assert/strict";
import { FREE_BYTES_ENOUGH } from "../../../raft/shell/driver/free-space.ts";
import { openLocalRaft } from "../../../raft/shell/open-local-raft.ts";
import { eventually } from "../../fakes/eventually.ts";
import { RaftGroup, type OpenRaft, type TestMember } from "../../fakes/raft-group.ts";

describe("a Raft group whose disks fill up", () => {
  let group: RaftGroup;
  const left = new Map<string, number>();
  const open: OpenRaft = (options, modules, signal) => {
    const freeBytes = (): Promise<number> =>
      Promise.resolve(left.get(options.self.nodeId) ?? Infinity);
    return openLocalRaft(options, { ...modules, freeBytes }, signal);
  };
  const fill = (members: readonly TestMember[], bytes: number): void => {
    for (const { name } of members) left.set(name, bytes);
  };
  beforeEach(() => {
    left.clear();
  });
  afterEach(() => group.close());

  it("is led by a member that has room", async () => {
    group = await RaftGroup.start(3, {}, open);
    await group.propose("before");
    const full = await group.leader();
    fill([full], 1000);
    const rest = group.members.filter((member) => member !== full);
    await eventually("another leads", () => rest.some(({ node }) => node.status().leading > 0));
    await group.propose("after");
    // The one that is full still follows: it has room for what others have committed.
    await group.agree(["before", "after"]);
  });

  it("refuses changes with the reason while all are full, and takes them again after", async () => {
    group = await RaftGroup.start(1, {}, open);
    const { node } = await group.leader();
    await group.propose("before");
    fill(group.members, 1000);
    const text = Buffer.from("refused");
    const refusal = await eventually("it is refused", () =>
      node.propose(text).then(
        () => undefined,
        (error: unknown) => error as { readonly code: string; readonly message: string },
      ),
    );
    assert.equal(refusal.code, "exhausted");
    assert.match(refusal.message, /nearly full \(0 MiB left\): free some space/);
    assert.equal(await node.readBarrier(group.signal), node.status().applied);
    fill(group.members, FREE_BYTES_ENOUGH);
    await group.propose("after");
    const [member] = group.members;
    const lines = member?.machine.lines.filter((line) => line !== "refused");
    assert.deepEqual(lines, ["before", "after"]);
  });
});
