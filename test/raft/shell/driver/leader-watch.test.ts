import assert from "node:assert/strict";
import { silentLog } from "../../../../lib/log.ts";
import { SeededRandom } from "../../../../lib/random.ts";
import {
  LeaderWatch,
  type LeaderWatchModules,
} from "../../../../raft/shell/driver/leader-watch.ts";
import { NO_MEMBERSHIP } from "../../../../raft/shell/membership.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

const STALL_MS = 500;

describe("LeaderWatch", () => {
  let clock: SimClock;
  let campaigns: number[];
  let transfers: number;
  let stalledAt: number | undefined;
  let full: boolean;
  const core = { role: "follower", lead: 1, id: 2 };

  /** A watch of member `id` among voters 1 to 3, of which 1 leads. */
  function watch(id: number): LeaderWatch {
    core.id = id;
    const modules = {
      core: {
        get role() {
          return core.role;
        },
        get lead() {
          return core.lead;
        },
        status: () => ({ id: core.id }),
        forgetLeader: () => {
          core.lead = 0;
        },
        stepDown: () => (core.role = "follower"),
        campaign: () => campaigns.push(clock.monotonic()),
      },
      clock,
      random: new SeededRandom("watch"),
      log: silentLog,
      group: {
        membership: {
          ...NO_MEMBERSHIP,
          confState: { ...NO_MEMBERSHIP.confState, voters: [1, 2, 3] },
        },
        isAlone: () => false,
      },
      changes: {
        transfer: () => {
          transfers++;
          return Promise.resolve(null);
        },
      },
      append: { stalledSince: (since: number) => stalledAt !== undefined && stalledAt <= since },
      space: {
        get low() {
          return full;
        },
      },
      later: (task: () => void) => task(),
    };
    return new LeaderWatch(STALL_MS, modules as unknown as LeaderWatchModules);
  }

  beforeEach(() => {
    clock = new SimClock();
    campaigns = [];
    transfers = 0;
    stalledAt = undefined;
    full = false;
    Object.assign(core, { role: "follower", lead: 1 });
  });

  it("has the followers of a dead leader campaign one after the other", async () => {
    const began = clock.monotonic();
    watch(2).onReset(1);
    await clock.advance(40);
    const first = campaigns.map((at) => at - began);
    campaigns = [];
    core.lead = 1;
    watch(3).onReset(1);
    await clock.advance(45);
    assert.equal(campaigns.length, 0, "the second waits");
    await clock.advance(40);
    assert.deepEqual([first.length, campaigns.length], [1, 1]);
  });

  it("has the followers of a leader that was taken out campaign, and minds no other", async () => {
    watch(2).onRemoved(3);
    await clock.advance(1000);
    assert.deepEqual([campaigns.length, core.lead], [0, 1]);
    const began = clock.monotonic();
    watch(2).onRemoved(1);
    assert.equal(core.lead, 0);
    await clock.advance(40);
    assert.deepEqual(
      campaigns.map((at) => at - began <= 40),
      [true],
    );
  });

  it("leaves it at that once there is a leader, and tries a few times while there is none", async () => {
    watch(2).onReset(1);
    await clock.advance(40);
    core.lead = 3;
    await clock.advance(5000);
    assert.equal(campaigns.length, 1);
    core.lead = 1;
    watch(2).onReset(1);
    await clock.advance(5000);
    assert.equal(campaigns.length, 5);
  });

  it("minds only the leader's connection, and only as a follower", async () => {
    watch(2).onReset(3);
    core.role = "leader";
    watch(2).onReset(1);
    await clock.advance(1000);
    assert.deepEqual(campaigns, []);
  });

  const leading = { role: "leader", transferee: 0 } as Parameters<LeaderWatch["check"]>[0];

  it("hands over when the host is silent for ten seconds, and not again at once", async () => {
    const watching = watch(2);
    await clock.advance(9000);
    watching.hostSeen();
    await clock.advance(9900);
    watching.check(leading);
    assert.equal(transfers, 0);
    await clock.advance(200);
    watching.check(leading);
    watching.check(leading);
    assert.equal(transfers, 1);
    await clock.advance(2000);
    watching.check(leading);
    assert.equal(transfers, 2);
  });

  it("hands over when a write takes longer than half an election timeout", async () => {
    const watching = watch(2);
    stalledAt = clock.monotonic();
    await clock.advance(400);
    watching.check(leading);
    assert.equal(transfers, 0);
    await clock.advance(200);
    watching.check(leading);
    assert.equal(transfers, 1);
  });

  it("steps down when the write still hangs after two timeouts, transfer or not", async () => {
    core.role = "leader";
    const watching = watch(2);
    stalledAt = clock.monotonic();
    await clock.advance(1900);
    watching.check({ ...leading, transferee: 3 });
    assert.equal(core.role, "leader");
    await clock.advance(200);
    watching.check({ ...leading, transferee: 3 });
    assert.equal(core.role, "follower");
  });

  it("hands over when the disk is nearly full, but not in turns with others like it", async () => {
    const watching = watch(2);
    full = true;
    watching.check(leading);
    assert.equal(transfers, 1);
    watching.hostSeen();
    await clock.advance(9000);
    watching.check(leading);
    assert.equal(transfers, 1);
    await clock.advance(21_000);
    watching.hostSeen();
    watching.check(leading);
    assert.equal(transfers, 2);
  });
});
