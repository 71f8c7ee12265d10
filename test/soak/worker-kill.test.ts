import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import { systemClock } from "../../lib/clock.ts";
import { SeededRandom } from "../../lib/random.ts";
import { until, useCluster, type SystemTask } from "../system/cluster.ts";

/** SKEP_KILLS=50 is what a release has to stand; a run between two commits does with fewer. */
const KILLS = Number(process.env["SKEP_KILLS"] ?? 5);
const STEADY = 10;
const LIMIT_MS = 60_000;
/** Longest that tasks are given to run before all of it is looked at anew. */
const GLANCE_MS = 1_000;
/** A kill meets whatever the worker is just doing: starting, watching, removing. */
const KILL_WITHIN_MS = 400;

/** What is wrong with the processes of tasks that are wanted; empty when each has its own. */
function amiss(tasks: readonly SystemTask[], processes: readonly number[]): readonly string[] {
  const owned = new Map(pids(tasks));
  const known = new Set(owned.values());
  const lost = [...owned].filter(([, pid]) => !processes.includes(pid));
  const others = processes.filter((pid) => !known.has(pid));
  return [
    ...lost.map(([id, pid]) => `lost: process ${pid} of task ${id}`),
    ...others.map((pid) => `doubled or left behind: process ${pid}, ${taskOf(pid)}`),
  ];
}

/** What the process says of the task that it was started for. */
function taskOf(pid: number): string {
  try {
    const entries = fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return entries.filter((entry) => /^SKEP_(TASK|WORKER)/.test(entry)).join(" ");
  } catch {
    return "which has ended meanwhile";
  }
}

const pids = (tasks: readonly SystemTask[]): ReadonlyMap<string, number> =>
  new Map(tasks.map((task) => [task.ID, task.Status.ContainerStatus?.PID ?? 0]));

describe(`swarmd killed ${KILLS} times under processes`, function () {
  this.timeout(KILLS * LIMIT_MS);
  const cluster = useCluster(1, 1);
  const seed = String(systemClock.now());
  const random = new SeededRandom(seed);
  /** Tasks go nowhere else: a slow machine must not take the worker for lost. */
  const template = { Placement: { Constraints: ["node.role==worker"] } };

  /** The tasks of `wanted` (how many by service) once each has its own process, and no other runs. */
  const settled = (wanted: Readonly<Record<string, number>>): Promise<readonly SystemTask[]> =>
    until(
      "one process runs for each task",
      async () => {
        const tasks: SystemTask[] = [];
        for (const [name, count] of Object.entries(wanted))
          tasks.push(...(await cluster.running(name, count, GLANCE_MS)));
        assert.deepEqual(amiss(tasks, cluster.processes()), []);
        return tasks;
      },
      LIMIT_MS,
    );

  it(`loses no task, doubles none, leaves none behind (seed ${seed})`, async () => {
    const worker = cluster.node("w1");
    await cluster.create("steady", { script: "exec sleep 3600", replicas: STEADY, template });
    let known = pids(await settled({ steady: STEADY }));
    for (let kill = 0; kill < KILLS; kill++) {
      const name = `passing-${kill}`;
      // Half of the kills come while tasks start, the others while they are stopped.
      await cluster.create(name, { script: "exec sleep 3600", replicas: 5, template });
      if (kill % 2 === 1) {
        await cluster.running(name, 5, LIMIT_MS);
        await cluster.removeService(name);
      }
      const wait = new AbortController();
      systemClock.after(random.int(KILL_WITHIN_MS), () => wait.abort());
      await once(wait.signal, "abort");
      await worker.stop("SIGKILL");
      worker.start();
      await cluster.allReady();
      if (kill % 2 === 0) {
        await settled({ steady: STEADY, [name]: 5 });
        await cluster.removeService(name);
      }
      const now = pids(await settled({ steady: STEADY }));
      for (const [id, pid] of now)
        if (known.has(id)) assert.equal(pid, known.get(id), `task ${id} was started again`);
      const failed = (await cluster.tasks("steady")).filter((t) => t.Status.State === "failed");
      assert.deepEqual(failed, []);
      known = now;
    }
    await cluster.removeService("steady");
    await cluster.noProcesses();
  });
});
