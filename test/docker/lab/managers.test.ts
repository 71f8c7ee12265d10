import assert from "node:assert/strict";
import { IMAGE } from "../busybox-image.ts";
import { useLab, type Machine } from "../../lab/lab.ts";
import { until, type SystemNode, type SystemTask } from "../../system/cluster.ts";

const PROGRAM = ["sh", "-c", 'trap "exit 0" TERM; sleep 100000 & wait'];
const REPLICAS = 4;
/** Two more are wanted while each manager is away, to see that changes are taken. */
const STEP = 2;
/** A leader that is away must not lead for longer than some seconds; a busy machine has its time. */
const FAIL_OVER_MS = 90_000;

/**
 * What becomes of the leader's host is nothing to the services: others lead, changes are taken, no
 * container is replaced, and it takes part again when it is back.
 */
describe("hosts of managers, under a running service", function () {
  this.timeout(400_000);
  const lab = useLab(3, 2);
  const { cluster } = lab;
  let replicas = REPLICAS;

  const containers = async (): Promise<readonly string[]> =>
    (await lab.settled("web", replicas)).map(
      ({ Status }) => Status.ContainerStatus?.ContainerID ?? "",
    );

  /** The host that leads, in the words of a manager other than `except`. */
  const leader = async (except?: Machine): Promise<Machine> =>
    until(
      "there is a leader",
      async () => {
        const nodes = await (await cluster.manager(except?.swarmd)).get<SystemNode[]>("/nodes");
        const found = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader);
        const name = found?.Description.Hostname ?? "";
        return name === "" || name === except?.swarmd.name ? undefined : lab.machine(name);
      },
      FAIL_OVER_MS,
    );

  /** Asks a manager other than `except` for more replicas, and waits for them. */
  async function scale(except?: Machine): Promise<void> {
    replicas += STEP;
    await until("web is changed", async () => {
      const manager = await cluster.manager(except?.swarmd);
      const { Version, Spec } = await manager.get<{ Version: { Index: number }; Spec: object }>(
        "/services/web",
      );
      const next = { ...Spec, Mode: { Replicated: { Replicas: replicas } } };
      await manager.post(`/services/web/update?version=${Version.Index}`, next);
      return true;
    });
    await until(
      `the managers that are left have ${replicas} tasks run`,
      async () => {
        const manager = await cluster.manager(except?.swarmd);
        const tasks = await manager.get<SystemTask[]>("/tasks");
        return tasks.filter(({ Status }) => Status.State === "running").length === replicas
          ? true
          : undefined;
      },
      FAIL_OVER_MS,
    );
  }

  /** Has `harm` done to the leader's host; others must lead on, and after `mend` all is as before. */
  async function without(
    harm: (leads: Machine) => Promise<void> | void,
    mend: (led: Machine) => Promise<void> | void,
  ): Promise<void> {
    const before = await containers();
    const old = await leader();
    await harm(old);
    try {
      await leader(old);
      await scale(old);
    } finally {
      await mend(old);
    }
    await cluster.allReady(3);
    const after = await containers();
    const missing = before.filter((id) => !after.includes(id));
    assert.deepEqual(missing, [], "containers that were replaced");
    await until(`${old.swarmd.name} follows`, async () => {
      const { Spec } = await old.swarmd.get<{ Spec: unknown }>("/services/web?consistency=local");
      assert.deepEqual(Spec, (await cluster.service("web")).Spec);
      return true;
    });
  }

  before(async () => {
    await (
      await cluster.manager()
    ).post("/services/create", {
      Name: "web",
      TaskTemplate: {
        ContainerSpec: { Image: IMAGE, Command: PROGRAM, StopGracePeriod: 2e9 },
        RestartPolicy: { Condition: "any", Delay: 0 },
        Placement: { Constraints: ["node.role==worker"] },
      },
      Mode: { Replicated: { Replicas: replicas } },
    });
    await containers();
  });

  it("a cut link", async () => {
    await without(
      ({ swarmd }) => lab.cut(swarmd.name),
      ({ swarmd }) => lab.heal(swarmd.name),
    );
  });

  it("a frozen host", async () => {
    await without(
      ({ swarmd }) => lab.freeze(swarmd.name),
      ({ swarmd }) => lab.thaw(swarmd.name),
    );
  });

  it("a killed host", async () => {
    await without(
      ({ swarmd }) => lab.kill(swarmd.name),
      ({ swarmd }) => lab.boot(swarmd.name),
    );
  });

  it("a full disk", async () => {
    await without(
      ({ host }) => host.fillDisk(),
      ({ host, swarmd }) => {
        host.freeDisk();
        // Its log could not grow: a member that cannot write ends, and says why.
        if (swarmd.running) return;
        assert.match(swarmd.log(), /the disk is full: free some space/);
        swarmd.start();
      },
    );
  });
});
