import type { StoreView } from "../../../manager/store/tables.ts";
import {
  NodeState,
  RestartPolicyCondition,
  TaskState,
  UpdateStatusState,
  type Node,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { nodeFits } from "../../../manager/constraint/constraint.ts";
import { isUpdating } from "./service-checks.ts";
import { show } from "./describe.ts";
import type { SimWorker } from "./agent.ts";

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/** Why the cluster is not yet as it was asked to be; null when it is. */
export function difference(view: StoreView, workers: readonly SimWorker[]): string | null {
  for (const node of view.node.all()) {
    const worker = workers.find(({ name }) => name === node.id);
    if (worker && !worker.removed && node.status?.state !== NodeState.READY)
      return `node ${node.id} is not ready: ${node.status?.message}`;
  }
  for (const task of view.task.all()) {
    const problem = taskProblem(task, view);
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
  if (!view.service.get(task.serviceId)) return "a task without a service";
  if (task.desiredState === TaskState.REMOVE) return "a task that is to be removed";
  if (task.desiredState > TaskState.COMPLETE)
    return state >= TaskState.ASSIGNED && state <= TaskState.RUNNING
      ? "a task that should stop"
      : null;
  if (state <= TaskState.PENDING || state > TaskState.RUNNING) return null;
  return state < TaskState.RUNNING && task.desiredState > TaskState.READY
    ? "a task that should run"
    : null;
}

/** What runs on the machines is what the store says. */
function programProblem(view: StoreView, workers: readonly SimWorker[]): string | null {
  for (const worker of workers) {
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
  const wanted = wantedKeys(service, view);
  if (!wanted) return null;
  const running = open.filter((task) => stateOf(task) === TaskState.RUNNING);
  const keys = new Set(running.map(({ slot, nodeId }) => (slot === 0 ? nodeId : String(slot))));
  if (running.length > keys.size) return "two tasks run in one place";
  if (wanted === "some" || mayGiveUp(service)) return null;
  if (typeof wanted === "number")
    return keys.size === wanted ? null : `${keys.size} of ${wanted} replicas run`;
  const missing = wanted.find((id) => !keys.has(id));
  if (missing !== undefined) return `nothing runs on ${missing}`;
  return keys.size === wanted.length
    ? null
    : `it runs on ${[...keys].join()}, not on ${wanted.join()}`;
}

/** What should run: so many replicas, or one task on each of these nodes; null = any. */
function wantedKeys(service: Service, view: StoreView): number | readonly string[] | "some" | null {
  const { spec } = service;
  switch (spec?.mode) {
    case "replicated":
      return spec.replicated.replicas;
    case "global":
      return [...view.node.all()].filter((node) => belongs(node, service)).map(({ id }) => id);
    default:
      return null;
  }
}

function belongs(node: Node, { spec }: Service): boolean {
  const open = node.status?.state === NodeState.READY && node.spec?.availability === 0;
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
  return stateOf(task) <= TaskState.PENDING && (task.status?.err ?? "") !== "";
}
