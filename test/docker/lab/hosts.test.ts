import assert from "node:assert/strict";
import { IMAGE } from "../busybox-image.ts";
import type { TaskContainer } from "../../lab/amiss.ts";
import type { LabHost } from "../../lab/host.ts";
import { useLab } from "../../lab/lab.ts";
import { until, type SystemTask } from "../../system/cluster.ts";

/** A host that is cut off is missed after three heartbeats of this. */
const HEARTBEAT_NS = 1e9;
const PROGRAM = ["sh", "-c", 'trap "exit 0" TERM; sleep 100000 & wait'];
const REPLICAS = 6;
/** Longest a change may take to settle: a busy machine starts a container in seconds. */
const SETTLE_MS = 90_000;

/** Three managers and two workers, each a host with its own engine, running containers. */
describe("hosts with an engine each", function () {
  this.timeout(300_000);
  const lab = useLab(3, 2);
  const { cluster } = lab;

  const spec = (release: string, replicas = REPLICAS): Record<string, unknown> => ({
    Name: "web",
    TaskTemplate: {
      ContainerSpec: {
        Image: IMAGE,
        Command: PROGRAM,
        Env: [`RELEASE=${release}`],
        StopGracePeriod: 2e9,
      },
      RestartPolicy: { Condition: "any", Delay: 0 },
      Placement: { Constraints: ["node.role==worker"] },
    },
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: { Parallelism: 2, Monitor: 1 },
  });

  const change = (next: Record<string, unknown>): Promise<boolean> =>
    until("web is changed", async () => {
      const { Version } = await cluster.service("web");
      const manager = await cluster.manager();
      await manager.post(`/services/web/update?version=${Version.Index}`, next);
      return true;
    });

  const nodeId = async (name: string): Promise<string> =>
    (await cluster.object(lab.machine(name).swarmd)).ID;

  const onNode = (tasks: readonly SystemTask[], id: string): readonly SystemTask[] =>
    tasks.filter((task) => task.NodeID === id);

  const settled = (replicas = REPLICAS): Promise<readonly SystemTask[]> =>
    lab.settled("web", replicas);

  const onHost = async (name: string): Promise<readonly TaskContainer[]> =>
    (await lab.containers("web")).filter(({ host }) => host === name);

  /**
   * Has every task replaced, so that both workers run some again: a scheduler has a bad opinion of a
   * node on which tasks failed, but begins anew with a new specification.
   */
  const spread = async (release: string): Promise<void> => {
    await change(spec(release));
    await until(
      "both workers run tasks of the new release",
      async () => {
        const { UpdateStatus } = await cluster.service("web");
        assert.equal(UpdateStatus?.State, "completed");
        const tasks = await settled();
        for (const name of ["w1", "w2"]) assert.ok(onNode(tasks, await nodeId(name)).length > 0);
        return true;
      },
      SETTLE_MS,
    );
  };

  it("create: runs the replicas on both workers", async () => {
    await until("nodes are missed sooner", async () => {
      const manager = await cluster.manager();
      const swarm = await manager.get<{ Version: { Index: number }; Spec: object }>("/swarm");
      const next = { ...swarm.Spec, Dispatcher: { HeartbeatPeriod: HEARTBEAT_NS } };
      await manager.post(`/swarm/update?version=${swarm.Version.Index}`, next);
      return true;
    });
    await (await cluster.manager()).post("/services/create", spec("1"));
    const tasks = await settled();
    for (const name of ["w1", "w2"])
      assert.equal(onNode(tasks, await nodeId(name)).length, REPLICAS / 2);
  });

  it("update: replaces every container", async () => {
    const before = (await lab.containers("web")).map(({ id }) => id);
    await spread("2");
    const after = (await settled()).map(({ Status }) => Status.ContainerStatus?.ContainerID ?? "");
    assert.deepEqual(
      after.filter((id) => before.includes(id)),
      [],
    );
  });

  it("drain: moves a worker's tasks away, and nothing of them stays", async () => {
    await cluster.changeNode(lab.machine("w1").swarmd, { Availability: "drain" });
    const id = await nodeId("w1");
    await until("w1 is empty", async () => {
      assert.deepEqual(onNode(await settled(), id), []);
      assert.deepEqual(await onHost("w1"), []);
      return true;
    });
    await cluster.changeNode(lab.machine("w1").swarmd, { Availability: "active" });
    await change(spec("3"));
    await until("w1 has tasks again", async () => {
      assert.equal(onNode(await settled(), id).length, REPLICAS / 2);
      return true;
    });
  });

  it("a cut link: tasks run elsewhere, and the lost ones end when it heals", async () => {
    await lab.cut("w1");
    const id = await nodeId("w1");
    await until(
      "no task is wanted on w1",
      async () => {
        assert.deepEqual(onNode(await cluster.running("web", REPLICAS, 1_000), id), []);
        return true;
      },
      SETTLE_MS,
    );
    await lab.heal("w1");
    await cluster.allReady();
    await settled();
  });

  it("a frozen host: the same", async () => {
    lab.freeze("w2");
    const id = await nodeId("w2");
    try {
      await until(
        "no task is wanted on w2",
        async () => {
          assert.deepEqual(onNode(await cluster.running("web", REPLICAS, 1_000), id), []);
          return true;
        },
        SETTLE_MS,
      );
    } finally {
      lab.thaw("w2");
    }
    await cluster.allReady();
    await settled();
  });

  it("a killed host: tasks run elsewhere, and it comes back empty", async () => {
    await lab.kill("w1");
    await settled();
    await lab.boot("w1");
    await cluster.allReady();
    await settled();
    // Containers that ended stay as long as their tasks' history does.
    assert.deepEqual(await onHost("w1"), []);
  });

  const ends = {
    "is restarted": (host: LabHost) => host.stopEngine(),
    "is killed": (host: LabHost) => host.killEngine(),
  };
  for (const [how, end] of Object.entries(ends))
    it(`an engine that ${how} under the agent: its tasks are made good for, none is doubled`, async () => {
      await spread(how);
      const { host, swarmd } = lab.machine("w2");
      const pid = swarmd.pid;
      await end(host);
      await host.startEngine();
      await settled();
      assert.equal(swarmd.pid, pid, "swarmd lives through it");
    });

  it("a full disk: what runs goes on, what comes waits, and all is well with room again", async () => {
    const { host, swarmd } = lab.machine("w2");
    const pid = swarmd.pid;
    await spread("4");
    host.fillDisk();
    try {
      await change(spec("4", REPLICAS * 2));
      const id = await nodeId("w1");
      await until(
        "the worker with room has its share",
        async () => {
          const tasks = await cluster.tasks("web", { "desired-state": ["running"] });
          const good = onNode(tasks, id).filter(({ Status }) => Status.State === "running");
          return good.length >= REPLICAS ? true : undefined;
        },
        SETTLE_MS,
      );
      assert.equal(swarmd.pid, pid, "swarmd lives");
      const full = await cluster.object(swarmd);
      assert.equal(full.Status.State, "ready", "the node stays");
      await until("tasks that wait for room say so", async () => {
        const tasks = onNode(await cluster.tasks("web"), full.ID);
        const waiting = tasks.filter(({ Status }) => /no space left/i.test(Status.Err ?? ""));
        assert.ok(waiting.length > 0);
        const running = tasks.filter(({ Status }) => Status.State === "running");
        assert.ok(running.length > 0, "what ran there runs on");
        return true;
      });
    } finally {
      host.freeDisk();
    }
    await settled(REPLICAS * 2);
  });

  it("rm: leaves no container on any host", async () => {
    await cluster.removeService("web");
    await lab.cleared("web");
  });
});
