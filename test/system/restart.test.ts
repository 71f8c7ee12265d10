import assert from "node:assert/strict";
import { useCluster, type SystemTask } from "./cluster.ts";

/** Process id by task, of tasks that run. */
type Pids = ReadonlyMap<string, number>;

const pidsOf = (tasks: readonly SystemTask[]): Pids =>
  new Map(tasks.map((task) => [task.ID, task.Status.ContainerStatus?.PID ?? 0]));

const REPLICAS = 8;

describe("swarmd started again", function () {
  const cluster = useCluster(3, 2);
  let known: Pids = new Map();

  /**
   * Every task that still counts has its process, none has a second one, and none failed. A node
   * that was away for longer than its grace, on a busy machine, may have lost tasks to others.
   */
  const adopted = async (): Promise<void> => {
    await cluster.allReady(3);
    const now = pidsOf(await cluster.running("web", REPLICAS));
    for (const [id, pid] of now)
      if (known.has(id)) assert.equal(pid, known.get(id), `task ${id} has another process`);
    const failed = (await cluster.tasks("web")).filter((task) => task.Status.State === "failed");
    assert.deepEqual(failed, []);
    await cluster.processCount(REPLICAS);
    known = now;
  };

  before(async () => {
    await cluster.create("web", { script: "exec sleep 3600", replicas: REPLICAS });
    known = pidsOf(await cluster.running("web", REPLICAS));
    assert.equal(new Set(known.values()).size, REPLICAS);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`a worker that ended by ${signal} finds its tasks again`, async () => {
      const worker = cluster.node("w1");
      await worker.stop(signal);
      worker.start();
      await adopted();
    });

    it(`a leader that ended by ${signal} finds its tasks again`, async () => {
      const leader = await cluster.leader();
      await leader.stop(signal);
      leader.start();
      await adopted();
    });

    it(`a whole cluster that ended by ${signal} comes back with its tasks`, async () => {
      const processes = cluster.processes();
      await Promise.all(cluster.nodes.map((node) => node.stop(signal)));
      const orphans = cluster.processes();
      for (const node of cluster.nodes) node.start();
      assert.deepEqual(orphans, processes, "tasks run on without swarmd");
      await adopted();
    });
  }

  it("a removed service leaves no process", async () => {
    await cluster.removeService("web");
    await cluster.noProcesses();
  });
});
