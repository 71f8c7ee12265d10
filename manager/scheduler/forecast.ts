import { make } from "../../proto/codec.ts";
import {
  TaskState,
  UpdateConfigOrder,
  type ServiceSpec,
  type Task,
} from "../../proto/generated.ts";
import { GroupPass, type PlaceOptions } from "./group-pass.ts";
import { schedulerOf, waitingForScheduler } from "./decision.ts";
import { groupKey, isActive } from "./node-info.ts";
import type { NodeSet } from "./node-set.ts";
import { Pipeline } from "./pipeline.ts";

/** Where tasks would go: how many to each node, and how many nowhere. */
export interface Forecast {
  /** By node id. */
  readonly placed: ReadonlyMap<string, number>;
  readonly waiting: number;
  /** Why some would wait; empty when none does. */
  readonly explanation: string;
}

/** What would become of a service's tasks. */
export interface ServiceForecast extends Forecast {
  readonly kept: number;
  readonly replaced: number;
  readonly removed: number;
}

/** The service as it would be, and what it has now. */
export interface PlannedService {
  readonly id: string;
  readonly spec: ServiceSpec;
  /** Its active tasks. */
  readonly present: readonly Task[];
  readonly isUpToDate: (task: Task) => boolean;
}

/** A spec version that no stored task has. */
const PLANNED_VERSION = Number.MAX_SAFE_INTEGER;

/** How many tasks a service wants at once; undefined for one on each node that fits. */
function wantedTasks(spec: ServiceSpec): number | undefined {
  if (spec.mode === "replicated") return spec.replicated.replicas;
  if (spec.mode !== "replicatedJob") return undefined;
  const { maxConcurrent, totalCompletions } = spec.replicatedJob;
  return maxConcurrent === 0 ? totalCompletions : Math.min(maxConcurrent, totalCompletions);
}

function plannedTask({ id, spec }: PlannedService, number: number): Task {
  return make("Task", {
    id: `planned-${number}`,
    serviceId: id,
    slot: number,
    spec: spec.task,
    specVersion: { index: PLANNED_VERSION },
    serviceAnnotations: spec.annotations,
    endpoint: make("Endpoint", { spec: spec.endpoint }),
    status: make("TaskStatus", { state: TaskState.PENDING }),
    desiredState: TaskState.RUNNING,
  });
}

/**
 * Places tasks that are all alike on `nodes`, which are changed by it. Where those of another
 * scheduler go is not ours to say.
 */
function placeAll(tasks: readonly Task[], nodes: NodeSet, options: PlaceOptions): Forecast {
  const placed = new Map<string, number>();
  const [first] = tasks;
  if (!first) return { placed, waiting: 0, explanation: "" };
  if (schedulerOf(first) !== "")
    return { placed, waiting: tasks.length, explanation: waitingForScheduler(first) };
  const pass = new GroupPass(first, nodes, options);
  let waiting = 0;
  for (const task of tasks) {
    const placement = pass.place(task);
    if (!placement) waiting++;
    else placed.set(placement.nodeId, (placed.get(placement.nodeId) ?? 0) + 1);
  }
  return { placed, waiting, explanation: waiting > 0 ? pass.explain().text : "" };
}

/**
 * What writing the service would lead to, were nothing else to happen meanwhile. `nodes` is a
 * picture of its own, which is changed by it.
 */
export function forecastService(
  service: PlannedService,
  nodes: NodeSet,
  options: PlaceOptions,
): ServiceForecast {
  const { present, isUpToDate, spec } = service;
  const current = present.filter(isUpToDate);
  const old = present.filter((task) => !isUpToDate(task));
  // Of tasks that start first, the old ones still hold their room while the new ones look for some.
  if (spec.update?.order !== UpdateConfigOrder.START_FIRST)
    for (const task of old) nodes.forget(task);
  const wanted = wantedTasks(spec);
  if (wanted === undefined) return forecastEach(service, { current, old }, nodes);
  const kept = Math.min(current.length, wanted);
  const missing = wanted - kept;
  const replaced = Math.min(old.length, missing);
  const tasks = Array.from({ length: missing }, (_, at) => plannedTask(service, at + 1));
  const removed = present.length - kept - replaced;
  return { ...placeAll(tasks, nodes, options), kept, replaced, removed };
}

/** The same for a service with a task on each node that fits. */
function forecastEach(
  service: PlannedService,
  { current, old }: { readonly current: readonly Task[]; readonly old: readonly Task[] },
  nodes: NodeSet,
): ServiceForecast {
  const pipeline = new Pipeline(plannedTask(service, 0));
  const upToDate = new Set(current.map((task) => task.nodeId));
  const placed = new Map<string, number>();
  for (const info of nodes.all())
    if (!upToDate.has(info.id) && pipeline.fits(info)) placed.set(info.id, 1);
  const replaced = old.filter((task) => placed.has(task.nodeId)).length;
  const removed = old.length - replaced;
  return { placed, waiting: 0, explanation: "", kept: current.length, replaced, removed };
}

/**
 * Where the tasks of nodes that go down would find another one. Those of services with a task on
 * each node end with their node.
 * @param nodes the nodes that stay up, which are changed by it
 * @returns forecasts by service
 */
export function forecastLoss(
  lost: readonly Task[],
  nodes: NodeSet,
  options: PlaceOptions,
): ReadonlyMap<string, Forecast> {
  const groups = new Map<string, Task[]>();
  for (const task of lost) {
    if (!isActive(task) || task.slot === 0) continue;
    const orphan = { ...task, nodeId: "", assignedGenericResources: [] };
    const group = groups.get(groupKey(task));
    if (group) group.push(orphan);
    else groups.set(groupKey(task), [orphan]);
  }
  const forecasts = new Map<string, Forecast>();
  for (const tasks of groups.values()) {
    const { serviceId } = tasks[0] as Task;
    forecasts.set(serviceId, sum(forecasts.get(serviceId), placeAll(tasks, nodes, options)));
  }
  return forecasts;
}

function sum(a: Forecast | undefined, b: Forecast): Forecast {
  if (!a) return b;
  const placed = new Map(a.placed);
  for (const [nodeId, count] of b.placed) placed.set(nodeId, (placed.get(nodeId) ?? 0) + count);
  const explanation = a.explanation || b.explanation;
  return { placed, waiting: a.waiting + b.waiting, explanation };
}
