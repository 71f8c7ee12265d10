import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import type { Side } from "./side.ts";

/** Docker takes tens of seconds to make up for a lost worker, and more on a busy machine. */
const LIMIT_MS = 180_000;

/** The tasks' own stamps tell when they ran: asking more often is only work beside theirs. */
const RUNNING_POLL_MS = 100;
/** A list of fifty containers costs an engine milliseconds. */
const GONE_POLL_MS = 50;

/** Ends at once when it is told to, so that no grace period is measured. */
const PROGRAM = ["/bin/sh", "-c", 'trap "exit 0" TERM; sleep 1000000 & wait'];

/** The part of a task that the measurements look at. */
export interface TaskInfo {
  readonly ID: string;
  readonly NodeID: string;
  readonly Spec: { readonly ContainerSpec: { readonly Env?: readonly string[] } };
  readonly Status: {
    readonly State: string;
    readonly Timestamp: string;
    readonly ContainerStatus?: { readonly ContainerID?: string };
  };
}

export interface ServiceShape {
  readonly name: string;
  readonly replicas: number;
  readonly env?: readonly string[];
  readonly constraints?: readonly string[];
  /** More of the service's and of its tasks' specs. */
  readonly spec?: object;
  readonly template?: object;
}

/** Docker's JSON of a service. */
export function serviceSpec(image: string, shape: ServiceShape): object {
  const { name, replicas, env = [], constraints = [], spec, template } = shape;
  return {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image: image, Command: PROGRAM, Env: env },
      Placement: { Constraints: constraints },
      ...template,
    },
    Mode: { Replicated: { Replicas: replicas } },
    ...spec,
  };
}

/**
 * Waits until exactly `count` tasks of the service are wanted and run, all of them as `fits` says.
 * Returns them and the latest of the agents' own stamps.
 */
export async function running(
  { swarm }: Side,
  { name, count }: { readonly name: string; readonly count: number },
  signal: AbortSignal,
  fits: (task: TaskInfo) => boolean = () => true,
): Promise<{ readonly tasks: readonly TaskInfo[]; readonly at: number }> {
  const wanted = { service: [name], "desired-state": ["running"] };
  const path = `/tasks?filters=${encodeURIComponent(JSON.stringify(wanted))}`;
  const look = async (): Promise<readonly TaskInfo[] | undefined> => {
    const tasks = (await swarm.client.call("GET", path)) as readonly TaskInfo[];
    const good = tasks.filter((task) => task.Status.State === "running" && fits(task));
    return good.length === count ? good : undefined;
  };
  const tasks = await until(
    `${count} tasks of ${name} run`,
    look,
    signal,
    LIMIT_MS,
    RUNNING_POLL_MS,
  );
  return { tasks, at: Math.max(...tasks.map(({ Status }) => Date.parse(Status.Timestamp))) };
}

/** Waits until the first manager's engine has no container left. */
export async function gone({ engine }: Side, signal: AbortSignal): Promise<void> {
  const look = async (): Promise<true | undefined> =>
    (await engine.docker.listContainers({ all: true })).length === 0 ? true : undefined;
  await until("no container is left", look, signal, LIMIT_MS, GONE_POLL_MS);
}

/** Creates a service and waits until it runs; returns how long that took, by the agents' stamps. */
export async function create(
  side: Side,
  shape: ServiceShape,
  { clock, signal }: BenchModules,
): Promise<{ readonly tasks: readonly TaskInfo[]; readonly seconds: number }> {
  const began = clock.now();
  await side.swarm.client.call("POST", "/services/create", serviceSpec(side.image.id, shape));
  const { name, replicas: count } = shape;
  const { tasks, at } = await running(side, { name, count }, signal);
  return { tasks, seconds: (at - began) / 1000 };
}

/** Removes a service and waits until nothing is left of it; returns how long that took. */
export async function remove(
  side: Side,
  name: string,
  { clock, signal }: BenchModules,
): Promise<number> {
  const began = clock.now();
  await side.swarm.client.call("DELETE", `/services/${name}`);
  await gone(side, signal);
  return (clock.now() - began) / 1000;
}
