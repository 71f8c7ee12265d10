import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loopback } from "../../bench/site.ts";
import { SkepCluster } from "../../bench/raft/skep-cluster.ts";
import { systemClock } from "../../lib/clock.ts";
import { eventually } from "../fakes/eventually.ts";

const MEMBERS = 3;

/** Shorter than what counts as hanging. */
const BLOCKED_MS = 5000;

/** Longer than the ten seconds after which a member must not lead any more. */
const HANGING_MS = 20_000;

/** Members in processes of their own, whose main threads can be blocked one by one. */
describe("a leader whose main thread is blocked", function () {
  this.timeout(120_000);
  let directory: string;
  let cluster: SkepCluster;
  const ended = new AbortController();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-blocked-"));
    const modules = { clock: systemClock, directory, say: () => {}, signal: ended.signal };
    cluster = await SkepCluster.start(loopback(MEMBERS), modules);
  });

  after(async () => {
    ended.abort();
    await cluster?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  it(`leads on for ${BLOCKED_MS / 1000} seconds`, async () => {
    const leader = await cluster.leader();
    const before = await cluster.process(leader).facts();
    const follower = cluster.process((leader + 1) % MEMBERS);
    let blocked = true;
    const block = cluster.process(leader).call("block", { ms: BLOCKED_MS });
    void block.finally(() => {
      blocked = false;
    });
    let looks = 0;
    await eventually(
      "it is free again",
      async () => {
        const { term, leaderId } = await follower.facts();
        if (blocked) assert.deepEqual([term, leaderId], [before.term, before.id]);
        looks++;
        return !blocked;
      },
      2 * BLOCKED_MS,
    );
    assert.ok(looks > 10, "it was watched all the time");
    const after = await block;
    assert.deepEqual([after.term, after.leading], [before.term, true]);
  });

  it("gives leadership away once it has hung for ten seconds", async () => {
    const leader = await cluster.leader();
    const before = await cluster.process(leader).facts();
    const follower = cluster.process((leader + 1) % MEMBERS);
    let blocked = true;
    const block = cluster.process(leader).call("block", { ms: HANGING_MS });
    void block.finally(() => {
      blocked = false;
    });
    const after = await eventually(
      "another leads",
      async () => {
        const facts = await follower.facts();
        return facts.leaderId !== before.id && facts.leaderId !== 0 ? facts : undefined;
      },
      HANGING_MS,
    );
    assert.ok(blocked, "it still hangs");
    assert.equal(after.term, before.term + 1);
    const freed = await block;
    await eventually("it follows", async () => {
      const { leading, leaderId } = await cluster.process(leader).facts();
      return !leading && leaderId !== freed.id;
    });
  });
});
