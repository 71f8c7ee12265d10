import { call, type NodeJson } from "./api.ts";
import type { DemoCluster } from "./cluster.ts";
import type { DemoOptions } from "./options.ts";
import type { DemoNode } from "./swarm-node.ts";
import { waitFor } from "./wait.ts";
import type { WebService } from "./web.ts";

/** Longest that a survivor may take to accept a write, milliseconds. */
const FAILOVER_LIMIT_MS = 60_000;

/** Replicas while scaled up and down again. */
const SCALED_UP = 20;
const SCALED_DOWN = 3;

/** Seconds each step took. */
export interface Timings {
  form_s: number;
  create_to_running_s: number;
  leader_kill_to_write_s: number;
  worker_kill_to_rescheduled_s: number;
  update_s: number;
  scale_up_s: number;
  rm_s: number;
}

/** Runs `step` and returns the seconds it took. */
export async function timed(cluster: DemoCluster, step: () => Promise<void>): Promise<number> {
  const { clock } = cluster.modules;
  const start = clock.monotonic();
  await step();
  return Math.round(clock.monotonic() - start) / 1000;
}

async function leader(cluster: DemoCluster): Promise<DemoNode> {
  const nodes = await call<NodeJson[]>(cluster.manager().socket, "GET", "/nodes");
  const found = nodes.find((node) => node.ManagerStatus?.Leader);
  if (!found) throw new Error("no manager is the leader");
  return cluster.node(found.Description.Hostname);
}

/** Kills the leader; resolves when another manager has accepted a write. */
async function killLeader(cluster: DemoCluster, victim: DemoNode): Promise<void> {
  await victim.stop("SIGKILL");
  const survivor = cluster.manager(victim);
  let attempt = 0;
  await waitFor(
    "a survivor accepts a write",
    async () => {
      const Data = Buffer.from("written after the leader was killed").toString("base64");
      const body = { Name: `after-kill-${++attempt}`, Labels: {}, Data };
      await call<unknown>(survivor.socket, "POST", "/configs/create", body, 1_000);
      return true;
    },
    FAILOVER_LIMIT_MS,
    cluster.modules,
  );
}

/**
 * Takes a running cluster with its service through every step and measures each. Throws at the
 * first that does not hold.
 */
export async function runChecks(
  cluster: DemoCluster,
  web: WebService,
  options: DemoOptions,
  timings: Timings,
): Promise<void> {
  const { say } = cluster.modules;
  const { replicas } = options;
  const killed: DemoNode[] = [];
  if (options.managers >= 3) {
    const victim = await leader(cluster);
    say(`kill -9 of the leader, ${victim.name}`);
    timings.leader_kill_to_write_s = await timed(cluster, () => killLeader(cluster, victim));
    killed.push(victim);
    await web.running(replicas);
  }
  say("rolling update");
  timings.update_s = await timed(cluster, async () => {
    await web.update();
    await web.updated();
    await web.running(replicas, true);
  });
  const [worker] = cluster.workers;
  if (worker) {
    say(`kill -9 of ${worker.name}`);
    timings.worker_kill_to_rescheduled_s = await timed(cluster, async () => {
      await worker.stop("SIGKILL");
      await rescheduled(cluster, web, worker, replicas);
    });
    killed.push(worker);
  }
  say("restart of both");
  for (const node of killed) node.start();
  await cluster.allReady();
  say(`scale ${replicas} → ${SCALED_UP} → ${SCALED_DOWN}`);
  timings.scale_up_s = await timed(cluster, async () => {
    await web.scale(SCALED_UP);
    await web.running(SCALED_UP);
  });
  await web.scale(SCALED_DOWN);
  await web.running(SCALED_DOWN);
  say("service rm");
  timings.rm_s = await timed(cluster, async () => {
    await web.remove();
    await web.gone();
  });
}

/** Resolves when the dead node's tasks run on others. */
async function rescheduled(
  cluster: DemoCluster,
  web: WebService,
  dead: DemoNode,
  replicas: number,
): Promise<void> {
  await waitFor(
    `${dead.name} is Down`,
    async () => {
      const nodes = await call<NodeJson[]>(cluster.manager().socket, "GET", "/nodes");
      const node = nodes.find((n) => n.Description.Hostname === dead.name);
      return node?.Status.State === "down" ? true : undefined;
    },
    FAILOVER_LIMIT_MS,
    cluster.modules,
  );
  await web.running(replicas);
}
