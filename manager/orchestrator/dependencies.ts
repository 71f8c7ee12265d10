import {
  ServiceDependencyCondition,
  TaskState,
  type Service,
  type ServiceDependency,
  type Task,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { isJob } from "./restart-policy.ts";
import { BY_NODE, BY_NUMBER, groupTasks, newestTask } from "./slot.ts";
import { hasEnded, indexOf, isWanted, stateOf } from "./task-state.ts";

/**
 * Why no task of `service` may start now: the first of its dependencies that is not as it has to
 * be. Empty when all are. Tasks that run already are left alone.
 */
export function heldBy(service: Service, view: StoreView): string {
  for (const dependency of service.spec?.dependsOn ?? []) {
    if (!isMet(dependency, view))
      return `held until service ${dependency.serviceName} ${WORDS[dependency.condition]}`;
  }
  return "";
}

const WORDS: Readonly<Record<ServiceDependencyCondition, string>> = {
  [ServiceDependencyCondition.STARTED]: "has started",
  [ServiceDependencyCondition.HEALTHY]: "is healthy",
  [ServiceDependencyCondition.COMPLETED]: "has completed",
};

function isMet({ serviceName, condition }: ServiceDependency, view: StoreView): boolean {
  const [service] = view.service.named(serviceName);
  if (!service) return false;
  const tasks = currentTasks(service, view);
  switch (condition) {
    case ServiceDependencyCondition.STARTED:
      return tasks.some((task) => runs(task) || hasSucceeded(task));
    case ServiceDependencyCondition.HEALTHY:
      return isHealthy(service, tasks);
    case ServiceDependencyCondition.COMPLETED:
      return hasCompleted(service, tasks);
  }
}

/** Tasks of the service; of a job those of its present run. */
function currentTasks(service: Service, view: StoreView): readonly Task[] {
  const tasks = [...view.task.by("service", service.id)];
  if (!isJob(service)) return tasks;
  const run = indexOf(service.jobStatus?.jobIteration ?? null);
  return tasks.filter((task) => indexOf(task.jobIteration) === run);
}

/** Every wanted task runs. A task with a health check runs only once it is healthy. */
function isHealthy({ spec }: Service, tasks: readonly Task[]): boolean {
  const wanted = tasks.filter((task) => isWanted(task) && !hasEnded(task));
  const least = spec?.mode === "replicated" ? spec.replicated.replicas : 1;
  return wanted.length >= least && wanted.every(runs);
}

function hasCompleted({ spec }: Service, tasks: readonly Task[]): boolean {
  const perNode = spec?.mode === "global" || spec?.mode === "globalJob";
  const slots = groupTasks(tasks, perNode ? BY_NODE : BY_NUMBER);
  const total = spec?.mode === "replicatedJob" ? spec.replicatedJob.totalCompletions : 1;
  if (slots.size < total) return false;
  for (const slot of slots.values()) {
    const last = newestTask(slot);
    if (!last || !hasSucceeded(last)) return false;
  }
  return true;
}

function runs(task: Task): boolean {
  return stateOf(task) === TaskState.RUNNING && isWanted(task);
}

function hasSucceeded(task: Task): boolean {
  return stateOf(task) === TaskState.COMPLETE;
}

/** Which services wait for which, by the name of the one that is waited for. */
export class Dependents {
  readonly #byName = new Map<string, Set<string>>();
  readonly #namesOf = new Map<string, readonly string[]>();

  /** Takes note of what `service` depends on now. */
  put(service: Service): void {
    this.remove(service.id);
    const names = (service.spec?.dependsOn ?? []).map((d) => d.serviceName.toLowerCase());
    if (names.length === 0) return;
    this.#namesOf.set(service.id, names);
    for (const name of names) {
      const ids = this.#byName.get(name);
      if (ids) ids.add(service.id);
      else this.#byName.set(name, new Set([service.id]));
    }
  }

  remove(serviceId: string): void {
    for (const name of this.#namesOf.get(serviceId) ?? []) {
      const ids = this.#byName.get(name);
      ids?.delete(serviceId);
      if (ids?.size === 0) this.#byName.delete(name);
    }
    this.#namesOf.delete(serviceId);
  }

  /** Ids of the services that depend on the one of that name. */
  of(name: string): Iterable<string> {
    return this.#byName.get(name.toLowerCase()) ?? [];
  }
}
