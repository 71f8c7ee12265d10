import assert from "node:assert/strict";
import { IMAGE } from "../docker/busybox-image.ts";
import { systemClock } from "../../lib/clock.ts";
import {
  CRASHES_WITHOUT_BACKOFF,
  CRASH_LIFETIME_MS,
} from "../../manager/orchestrator/restart-policy.ts";
import { useLab } from "../lab/lab.ts";
import { until, type SystemTask } from "../system/cluster.ts";

/** Kills of each kind; what a release has to stand is SKEP_KILLS=50. */
const KILLS = Number(process.env["SKEP_KILLS"] ?? 4);
const REPLICAS = 3;
const SETTLE_MS = 60_000;
/** A node whose connection broke counts as lost after this long, and its tasks run anew. */
const MISSED_AFTER_MS = 3_000;
/** Ends when it is told to: an engine that comes back ends what it finds before it answers. */
const PROGRAM = ["sh", "-c", 'trap "exit 1" TERM; sleep 100000 & wait'];

describe(`kill -9 of swarmd and of dockerd, ${KILLS} times each, under a running service`, function () {
  this.timeout(KILLS * 4 * SETTLE_MS);
  const lab = useLab(1, 1);
  const { cluster } = lab;

  const settled = (): Promise<readonly SystemTask[]> => lab.settled("web", REPLICAS);

  const oldEnough = async (): Promise<true | undefined> => {
    const tasks = await settled();
    const now = systemClock.now();
    const young = tasks.some(
      ({ Status }) => now - Date.parse(Status.Timestamp ?? "") < CRASH_LIFETIME_MS,
    );
    return young ? undefined : true;
  };

  before(async function () {
    this.timeout(2 * SETTLE_MS);
    const manager = await cluster.manager();
    await manager.post("/services/create", {
      Name: "web",
      TaskTemplate: {
        ContainerSpec: { Image: IMAGE, Command: PROGRAM, StopGracePeriod: 1e9 },
        RestartPolicy: { Condition: "any", Delay: 0 },
        Placement: { Constraints: ["node.role==worker"] },
      },
      Mode: { Replicated: { Replicas: REPLICAS } },
    });
    await settled();
  });

  it("swarmd: every container is the one that ran before", async () => {
    const { swarmd } = lab.machine("w1");
    const ids = (tasks: readonly SystemTask[]): readonly string[] =>
      tasks.map(({ ID, Status }) => `${ID} ${Status.ContainerStatus?.ContainerID}`).sort();
    let before = ids(await settled());
    for (let kill = 1; kill <= KILLS; kill++) {
      const from = systemClock.monotonic();
      await swarmd.stop("SIGKILL");
      swarmd.start();
      await cluster.allReady();
      const awayMs = systemClock.monotonic() - from;
      const after = ids(await settled());
      // A machine too busy to start it in time makes the node count as lost, and its tasks too.
      if (awayMs < MISSED_AFTER_MS) assert.deepEqual(after, before, `after kill ${kill}`);
      before = after;
    }
  });

  it("dockerd: every task is made good for, none is doubled", async () => {
    const { host, swarmd } = lab.machine("w1");
    const { pid } = swarmd;
    for (let kill = 1; kill <= KILLS; kill++) {
      await settled();
      // Tasks that crash again and again are made to wait longer and longer: that is not to be seen here.
      if (kill % (CRASHES_WITHOUT_BACKOFF + 1) === 0)
        await until("the tasks live too long to count as crashed", oldEnough, 2 * SETTLE_MS);
      await host.killEngine();
      await host.startEngine();
      assert.equal(swarmd.pid, pid, "swarmd lives through it");
    }
    await settled();
  });

  it("nothing is left behind after service rm", async () => {
    await cluster.removeService("web");
    await lab.cleared("web");
  });
});
