import assert from "node:assert/strict";
import { IMAGE } from "../docker/busybox-image.ts";
import { systemClock } from "../../lib/clock.ts";
import { useLab } from "../lab/lab.ts";
import { until, type SystemTask } from "../system/cluster.ts";

/** Kills of each kind; SKEP_KILLS=50 for a long run. */
const KILLS = Number(process.env["SKEP_KILLS"] ?? 4);
const REPLICAS = 3;
const SETTLE_MS = 60_000;
/** A task that ends sooner counts as crashed, and the next ones wait longer and longer. */
const CRASH_LIFETIME_MS = 10_000;
/** A node whose connection broke counts as lost after this long, and its tasks run anew. */
const MISSED_AFTER_MS = 3_000;

describe(`kill -9 of swarmd and of dockerd, ${KILLS} times each, under a running service`, function () {
  this.timeout(KILLS * 2 * SETTLE_MS);
  const lab = useLab(1, 1);
  const { cluster } = lab;

  /** As many tasks run as are wanted, each in its own container, and no other container runs. */
  const settled = (): Promise<readonly SystemTask[]> =>
    until(
      "one container runs for each task",
      async () => {
        const tasks = await cluster.running("web", REPLICAS, 1_000);
        const wanted = tasks.map(({ Status }) => Status.ContainerStatus?.ContainerID ?? "");
        const running = [...(await lab.containers("web")).values()].flat();
        assert.deepEqual([...running].sort(), [...wanted].sort());
        return tasks;
      },
      SETTLE_MS,
    );

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
        ContainerSpec: { Image: IMAGE, Command: ["sleep", "100000"], StopGracePeriod: 1 },
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
      await until("the tasks have lived too long to count as crashed", oldEnough, 2 * SETTLE_MS);
      await host.killEngine();
      await host.startEngine();
    }
    await settled();
    assert.equal(swarmd.pid, pid, "swarmd lives through it");
  });

  it("nothing is left behind after service rm", async () => {
    await cluster.removeService("web");
    await until(
      "no container is left",
      async () => {
        assert.deepEqual([...(await lab.containers("web", true)).values()].flat(), []);
        return true;
      },
      SETTLE_MS,
    );
  });
});
