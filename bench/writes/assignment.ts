import { sleep } from "../../lib/clock.ts";
import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import type { Daemon, Swarm } from "./swarm.ts";

/** A frozen worker must have fallen silent, and not yet be missed. */
const FREEZE_MS = 100;

/** Nothing is asked for so long after a service was created, and a millisecond for each task. */
const CALM_MS = 500;

/** Docker takes tens of seconds over a thousand tasks. */
const GONE_MS = 120_000;

interface TaskInfo {
  readonly Status: { readonly State: string; readonly Timestamp: string };
}

/** Tasks that got past the scheduler. */
const PLACED = new Set(["assigned", "accepted", "preparing", "ready", "starting", "running"]);

/**
 * Milliseconds from the request to create a service of `replicas` until the last of its tasks is
 * assigned, by the scheduler's own stamps. The worker they are for is frozen, so that nothing else
 * goes on.
 */
export async function timeToAssigned(
  { swarm, worker }: { readonly swarm: Swarm; readonly worker: Daemon },
  { name, replicas }: { readonly name: string; readonly replicas: number },
  { clock, signal }: BenchModules,
): Promise<number> {
  worker.process.kill("SIGSTOP");
  try {
    await sleep(clock, FREEZE_MS, signal);
    const began = clock.now();
    await swarm.client.call("POST", "/services/create", serviceSpec(name, replicas));
    // The stamps tell; asking while the scheduler is at work would be work beside it.
    await sleep(clock, CALM_MS + replicas, signal);
    const filters = encodeURIComponent(JSON.stringify({ service: [name] }));
    const last = await until(
      `${replicas} tasks are assigned`,
      async () => {
        const path = `/tasks?filters=${filters}`;
        const tasks = (await swarm.client.call("GET", path)) as readonly TaskInfo[];
        const placed = tasks.filter(({ Status }) => PLACED.has(Status.State));
        if (placed.length < replicas) return undefined;
        return Math.max(...placed.map(({ Status }) => Date.parse(Status.Timestamp)));
      },
      signal,
    );
    return Math.max(1, last - began);
  } finally {
    await swarm.client.call("DELETE", `/services/${name}`);
    worker.process.kill("SIGCONT");
    await gone(swarm, signal);
  }
}

/** Waits until no task is left. */
async function gone(swarm: Swarm, signal: AbortSignal): Promise<void> {
  await until(
    "the tasks are gone",
    async () => {
      const tasks = (await swarm.client.call("GET", "/tasks")) as readonly unknown[];
      return tasks.length === 0 ? true : undefined;
    },
    signal,
    GONE_MS,
  );
}

function serviceSpec(name: string, replicas: number): unknown {
  return {
    Name: name,
    // Says nothing to Docker, where the image's name is only a name: nothing ever starts.
    Labels: { "skep.runtime": "process" },
    TaskTemplate: {
      ContainerSpec: { Image: "process", Args: ["sleep", "1000"] },
      Placement: { Constraints: ["node.role==worker"] },
    },
    Mode: { Replicated: { Replicas: replicas } },
  };
}
