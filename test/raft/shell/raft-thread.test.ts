import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { openThread } from "../../../raft/shell/open-raft.ts";
import type { RaftThread } from "../../../raft/shell/thread/raft-thread.ts";
import { eventually } from "../../fakes/eventually.ts";
import { RaftGroup, type OpenRaft } from "../../fakes/raft-group.ts";

const BLOCKED_MS = 1000;

// Threads take a second each to start from the sources, so the cases share one group.
describe("a Raft group of members in threads of their own", () => {
  let group: RaftGroup;
  const threads = new Map<number, RaftThread>();
  const lines: string[] = [];
  const open: OpenRaft = async (options, modules, signal) => {
    const { host, thread } = await openThread(options, modules, signal);
    threads.set(host.id, thread);
    return host;
  };
  before(async () => {
    group = await RaftGroup.start(3, {}, open);
  });
  after(() => group.close());

  it("keeps its leader while the process's main thread is blocked", async () => {
    await group.propose("before");
    const leader = await group.leader();
    const { term } = leader.node.status();
    const until = systemClock.monotonic() + BLOCKED_MS;
    while (systemClock.monotonic() < until);
    await group.propose("after");
    assert.equal(leader.node.status().term, term);
    lines.push("before", "after");
    await group.agree(lines);
  });

  it("does not open a state directory that is in use", async () => {
    const [member] = group.members;
    assert.ok(member);
    await assert.rejects(group.restart(member), { code: "failed-precondition" });
  });

  it("goes on when its leader dies, loses nothing confirmed, and takes it back", async () => {
    const leader = await group.leader();
    const more = Array.from({ length: 200 }, (_, i) => `line ${i}`);
    await Promise.all(more.map((line) => leader.node.propose(Buffer.from(line))));
    threads.get(leader.node.id)?.port.post({ kind: "halt" });
    await leader.node.closed();
    const rest = group.members.filter((member) => member !== leader);
    await eventually("another leads", () => rest.some(({ node }) => node.status().leading > 0));
    await group.propose("last");
    lines.push(...more, "last");
    await group.agree(lines, rest);
    await group.restart(leader);
    await group.agree(lines);
  });
});
