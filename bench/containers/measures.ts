import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import type { Engine } from "./engine.ts";
import type { Side } from "./side.ts";
import { create, remove, running, serviceSpec, type ServiceShape, type TaskInfo } from "./tasks.ts";

const UPDATED_REPLICAS = 10;
const UPDATE_LIMIT_MS = 180_000;
const LOST_REPLICAS = 5;

/** Measures one thing once on one side, in seconds. `round` makes names unlike. */
export type Measure = (side: Side, round: number, modules: BenchModules) => Promise<number>;

/** Seconds, and the CPU seconds of daemons, engines and containers. */
export interface StartAndRemove {
  readonly start: number;
  readonly startCpu: number;
  readonly remove: number;
  readonly removeCpu: number;
}

/** Seconds until all replicas run, and until no container is left after the removal. */
export async function startAndRemove(
  side: Side,
  { replicas, round }: { readonly replicas: number; readonly round: number },
  modules: BenchModules,
): Promise<StartAndRemove> {
  const name = `s${replicas}-${round}`;
  const before = side.cpu();
  const { seconds } = await create(side, { name, replicas }, modules);
  const between = side.cpu();
  const removed = await remove(side, name, modules);
  const [startCpu, removeCpu] = [between - before, side.cpu() - between];
  return { start: seconds, startCpu, remove: removed, removeCpu };
}

interface ServiceInfo {
  readonly Version: { readonly Index: number };
  readonly UpdateStatus?: { readonly State?: string };
}

/** Seconds of a rolling update, one replica after another, until it says that it is complete. */
export const update: Measure = async (side, round, modules) => {
  const { clock, signal } = modules;
  const { client } = side.swarm;
  const name = `update-${round}`;
  const spec = { UpdateConfig: { Parallelism: 1, Delay: 0, Monitor: 1, Order: "stop-first" } };
  const shape: ServiceShape = { name, replicas: UPDATED_REPLICAS, env: ["RELEASE=1"], spec };
  await create(side, shape, modules);
  const { Version } = (await client.call("GET", `/services/${name}`)) as ServiceInfo;
  const began = clock.now();
  const next = serviceSpec(side.image.id, { ...shape, env: ["RELEASE=2"] });
  await client.call("POST", `/services/${name}/update?version=${Version.Index}`, next);
  await running(side, { name, count: UPDATED_REPLICAS }, signal, ({ Spec }) =>
    Boolean(Spec.ContainerSpec.Env?.includes("RELEASE=2")),
  );
  const done = async (): Promise<true | undefined> => {
    const { UpdateStatus } = (await client.call("GET", `/services/${name}`)) as ServiceInfo;
    return UpdateStatus?.State === "completed" ? true : undefined;
  };
  await until("the update is complete", done, signal, UPDATE_LIMIT_MS);
  const seconds = (clock.now() - began) / 1000;
  await remove(side, name, modules);
  return seconds;
};

/** Seconds from the kill of a container until its replacement runs, without a restart delay. */
export const restart: Measure = async (side, round, modules) => {
  const { clock, signal } = modules;
  const name = `restart-${round}`;
  const template = { RestartPolicy: { Condition: "any", Delay: 0 } };
  const { tasks } = await create(side, { name, replicas: 1, template }, modules);
  const [before] = tasks;
  const container = side.engine.docker.getContainer(
    before?.Status.ContainerStatus?.ContainerID ?? "",
  );
  const began = clock.now();
  await container.kill();
  const { at } = await running(side, { name, count: 1 }, signal, ({ ID }) => ID !== before?.ID);
  await remove(side, name, modules);
  return (at - began) / 1000;
};

/** Seconds from the loss of one of two workers until its tasks run on the other. */
export const workerKill: Measure = async (side, round, modules) => {
  const { clock, signal } = modules;
  const name = `lost-${round}`;
  const lost = await side.swarm.add("Worker");
  const constraints = ["node.role==worker"];
  const shape = { name, replicas: LOST_REPLICAS * 2, constraints };
  const { tasks } = await create(side, shape, modules);
  const host = side.hostOf(lost);
  const nodeId = await nodeOf(host.engine, tasks);
  const began = clock.now();
  await side.kill(host);
  const { at } = await running(
    side,
    { name, count: shape.replicas },
    signal,
    ({ NodeID }) => NodeID !== nodeId,
  );
  await side.swarm.client.call("DELETE", `/services/${name}`);
  return (at - began) / 1000;
};

/** The node whose tasks run on an engine. */
async function nodeOf({ docker }: Engine, tasks: readonly TaskInfo[]): Promise<string> {
  const containers = await docker.listContainers();
  const own = new Set(containers.map(({ Labels }) => Labels["com.docker.swarm.task.id"]));
  const found = tasks.find(({ ID }) => own.has(ID));
  if (!found) throw new Error("no task runs on the worker that is to be lost");
  return found.NodeID;
}
