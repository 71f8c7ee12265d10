import type { StoreView } from "../../../manager/store/tables.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import {
  NodeAvailability,
  NodeState,
  RestartPolicyCondition,
  TaskState,
  UpdateStatusState,
  type Node,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { nodeFits } from "../../../manager/constraint/constraint.ts";
import { waitingForScheduler } from "../../../manager/scheduler/decision.ts";
import { isOutside } from "./outside-checks.ts";
import { isOnItsWay } from "./move-checks.ts";
import { isUpdating } from "./service-checks.ts";
import { show } from "./describe.ts";
import type { SimWorker } from "./agent.ts";

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/** Why the cluster is not yet as it was asked to be; null when it is. */
export function difference(view: StoreView, workers: readonly SimWorker[]): string | null {
  for (const node of view.node.all()) {
    const worker = workers.find(({ name }) => name === node.id);
    const wanted = worker?.lost ? NodeState.DOWN : NodeState.READY;
    if (worker && node.status?.state !== wanted)
      return `node ${node.id} is in state ${node.status?.state}: ${node.status?.message}`;
  }
  for (const task of view.task.all()) {
    const problem = taskProblem(task, view) ?? placeProblem(task, view);
    if (problem) return `${problem}: ${show(task)}`;
  }
  for (const service of view.service.all()) {
    const problem = serviceProblem(service, view);
    if (problem) return `service ${service.spec?.annotations?.name}: ${problem}`;
  }
  return programProblem(view, workers);
}

/** Nothing is on its way. */
function taskProblem(task: Task, view: StoreView): string | null {
  const state = stateOf(task);
  // What a lost node had stays known for a day, should it come back.
  const lost = view.node.get(task.nodeId)?.status?.state === NodeState.DOWN;
  if (lost && task.desiredState > TaskState.COMPLETE && state <= TaskState.RUNNING) return null;
  if (!view.service.get(task.serviceId)) return "a task without a service";
  if (task.desiredState === TaskState.REMOVE) return "a task that is to be removed";
  if (isOnItsWay(task)) return "a task that is to be moved";
  if (task.desiredState > TaskState.COMPLETE)
    return state >= TaskState.ASSIGNED && state <= TaskState.RUNNING
      ? "a task that should stop"
      : null;
  if (state <= TaskState.PENDING || state > TaskState.RUNNING) return null;
  return state < TaskState.RUNNING && task.desiredState > TaskState.READY
    ? "a task that should run"
    : null;
}

/** Nothing is left where nothing may be. */
function placeProblem(task: Task, view: StoreView): string | null {
  const node = view.node.get(task.nodeId);
  const open = task.desiredState <= TaskState.COMPLETE && stateOf(task) <= TaskState.RUNNING;
  if (!open || task.nodeId === "" || view.service.get(task.serviceId)?.spec?.dependsOn.length)
    return null;
  if (!node || node.status?.state === NodeState.DOWN) return "a task on a lost node";
  return node.spec?.availability === NodeAvailability.DRAIN ? "a task on a drained node" : null;
}

/** What runs on the machines is what the store says. */
function programProblem(view: StoreView, workers: readonly SimWorker[]): string | null {
  for (const worker of workers.filter(({ lost }) => !lost)) {
    const ids = new Set(worker.programs.running().map(({ id }) => id));
    for (const task of view.task.by("node", worker.name)) {
      const runs = stateOf(task) === TaskState.RUNNING;
      if (runs && !ids.delete(task.id)) return `${show(task)} does not run on ${worker.name}`;
    }
    const [stray] = ids;
    if (stray !== undefined) return `${worker.name} runs ${stray}, which nobody wants`;
  }
  return null;
}

function serviceProblem(service: Service, view: StoreView): string | null {
  if (isUpdating(service)) return `its update goes on: ${service.updateStatus?.message}`;
  const tasks = [...view.task.by("service", service.id)];
  const open = tasks.filter(
    (t) => t.desiredState <= TaskState.COMPLETE && stateOf(t) <= TaskState.RUNNING,
  );
  const waiting = open.find((task) => stateOf(task) < TaskState.RUNNING);
  if (waiting) return isExcused(waiting, service) ? null : `waits: ${show(waiting)}`;
  const history = historyProblem(tasks, service, view);
  if (history) return history;
  if (service.spec?.mode === "replicatedJob") return jobProblem(tasks, service);
  if (service.spec?.mode === "globalJob") return globalJobProblem(tasks, service, view);
  const wanted = wantedKeys(service, view);
  if (wanted === null) return null;
  const running = open.filter((task) => stateOf(task) === TaskState.RUNNING);
  const keys = new Set(running.map(({ slot, nodeId }) => (slot === 0 ? nodeId : String(slot))));
  if (running.length > keys.size) return "two tasks run in one place";
  if (mayGiveUp(service)) return null;
  if (typeof wanted === "number")
    return keys.size === wanted ? null : `${keys.size} of ${wanted} replicas run`;
  return globalProblem(keys, wanted);
}

/** A paused node keeps its task, and gets none. */
function globalProblem(running: ReadonlySet<string>, nodes: readonly Node[]): string | null {
  const { PAUSE } = NodeAvailability;
  const missing = nodes.find(({ id, spec }) => !running.has(id) && spec?.availability !== PAUSE);
  if (missing) return `nothing runs on ${missing.id}`;
  const stray = [...running].find((key) => nodes.every(({ id }) => id !== key));
  return stray === undefined ? null : `it runs on ${stray}, where it does not belong`;
}

/** A job that was told to run is done. */
function jobProblem(tasks: readonly Task[], service: Service): string | null {
  const { jobStatus, spec } = service;
  if (spec?.mode !== "replicatedJob" || !jobStatus?.lastExecutionMs || mayGiveUp(service))
    return null;
  const run = jobStatus.jobIteration?.index ?? 0;
  const done = tasks.filter(
    (t) => t.jobIteration?.index === run && stateOf(t) === TaskState.COMPLETE,
  );
  const slots = new Set(done.map(({ slot }) => slot)).size;
  const { totalCompletions } = spec.replicatedJob;
  return slots === totalCompletions ? null : `run ${run} completed ${slots} of ${totalCompletions}`;
}

/** A job that was told to run is done on every node that takes tasks. */
function globalJobProblem(
  tasks: readonly Task[],
  service: Service,
  view: StoreView,
): string | null {
  const { jobStatus } = service;
  if (!jobStatus?.lastExecutionMs || mayGiveUp(service)) return null;
  const run = jobStatus.jobIteration?.index ?? 0;
  const done = new Set<string>();
  for (const task of tasks)
    if (task.jobIteration?.index === run && stateOf(task) === TaskState.COMPLETE)
      done.add(task.nodeId);
  const { ACTIVE } = NodeAvailability;
  for (const node of view.node.all())
    if (node.spec?.availability === ACTIVE && belongs(node, service) && !done.has(node.id))
      return `run ${run} is not completed on ${node.id}`;
  return null;
}

/** No slot keeps more tasks than the cluster wants to know of. */
function historyProblem(tasks: readonly Task[], service: Service, view: StoreView): string | null {
  const [cluster] = view.cluster.all();
  const limit = cluster?.spec?.orchestration?.taskHistoryRetentionLimit ?? 5;
  const attempts = service.spec?.task?.restart?.maxAttempts ?? 0;
  const most = attempts > 0 ? attempts + 1 : Math.max(1, limit);
  const slots = new Map<string, number>();
  for (const task of tasks) {
    // What a lost node may still run is not history yet.
    if (task.desiredState > TaskState.COMPLETE && stateOf(task) <= TaskState.RUNNING) continue;
    const count = (slots.get(slotKey(task)) ?? 0) + 1;
    slots.set(slotKey(task), count);
    if (count > most + 1) return `slot ${slotKey(task)} keeps ${count} tasks`;
  }
  return null;
}

/** What should run: so many replicas, or one task on each of these nodes; null = any. */
function wantedKeys(service: Service, view: StoreView): number | readonly Node[] | null {
  const { spec } = service;
  switch (spec?.mode) {
    case "replicated":
      return spec.replicated.replicas;
    case "global":
      return [...view.node.all()].filter((node) => belongs(node, service));
    default:
      return null;
  }
}

function belongs(node: Node, { spec }: Service): boolean {
  const open =
    node.status?.state === NodeState.READY && node.spec?.availability !== NodeAvailability.DRAIN;
  return open && nodeFits(node, spec?.task?.placement?.constraints ?? []);
}

/** Whether the restart policy, or an update that was paused, lets places stay empty. */
function mayGiveUp({ spec, updateStatus }: Service): boolean {
  const restart = spec?.task?.restart;
  const limited =
    restart !== null &&
    restart !== undefined &&
    (restart.condition !== RestartPolicyCondition.ANY || restart.maxAttempts > 0);
  const paused: readonly number[] = [UpdateStatusState.PAUSED, UpdateStatusState.ROLLBACK_PAUSED];
  return limited || paused.includes(updateStatus?.state ?? UpdateStatusState.UNKNOWN);
}

/** Whether a task may wait without end, and says why. */
function isExcused(task: Task, { spec }: Service): boolean {
  if (task.desiredState <= TaskState.READY)
    return (spec?.dependsOn.length ?? 0) > 0 && (task.origin?.reason ?? "") !== "";
  const { err = "" } = task.status ?? {};
  // Its own scheduler has tried every node by then, and was refused.
  if (isOutside(task) && err === waitingForScheduler(task)) return false;
  return stateOf(task) <= TaskState.PENDING && err !== "";
}
