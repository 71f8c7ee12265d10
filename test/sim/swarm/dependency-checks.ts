import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  ChangeKind,
  ServiceDependencyCondition,
  TaskState,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";

/** A decision is made on the state as it was; so old it is at most when it is committed, ms. */
const DECISION_AGE_MS = 3_000;

const mayStart = ({ desiredState }: Task): boolean =>
  desiredState > TaskState.READY && desiredState <= TaskState.COMPLETE;

/**
 * What a task has to do with its service: none is made for a service that is gone, and none starts
 * before what the service waits for was ever as it has to be.
 */
export class DependencyChecks {
  /** When services were removed, by id, ms. */
  readonly #removedAt = new Map<string, number>();
  /** Names of services of which a task ran, and completed. */
  readonly #ran = new Set<string>();
  readonly #completed = new Set<string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  check(events: readonly StoreEvent[], view: StoreView): void {
    for (const event of events) {
      if (event.kind === "service" && event.change === ChangeKind.REMOVE)
        this.#removedAt.set(event.object.id, this.#nowMs());
      if (event.kind !== "task" || event.change === ChangeKind.REMOVE) continue;
      const { object: task, old } = event;
      this.#note(task);
      if (!old) this.#checkService(task, view);
      if (mayStart(task) && !(old && mayStart(old))) this.#checkGate(task, view);
    }
  }

  #note({ serviceAnnotations, status }: Task): void {
    const name = serviceAnnotations?.name ?? "";
    const state = status?.state ?? TaskState.NEW;
    if (state === TaskState.RUNNING || state === TaskState.COMPLETE) this.#ran.add(name);
    if (state === TaskState.COMPLETE) this.#completed.add(name);
  }

  /**
   * Swarm mode writes under one lock, so that it never makes a task for a service that was just
   * removed. Here a plan may be on its way: the state machine need not refuse it with the plans of
   * other services, as the orchestrator ends such a task in its next step. That it does is part of
   * the convergence.
   */
  #checkService(task: Task, view: StoreView): void {
    if (view.service.get(task.serviceId)) return;
    const removedAt = this.#removedAt.get(task.serviceId) ?? -Infinity;
    const fresh = this.#nowMs() - removedAt <= DECISION_AGE_MS;
    demand(fresh, "task-without-service", () => `${show(task)} is made for a service that is gone`);
  }

  #checkGate(task: Task, view: StoreView): void {
    const service = view.service.get(task.serviceId);
    for (const { serviceName, condition } of service?.spec?.dependsOn ?? []) {
      const [target] = view.service.named(serviceName);
      const changed = this.#nowMs() - (target?.meta?.updatedAtMs ?? 0) <= DECISION_AGE_MS;
      const empty = target?.spec?.mode === "replicated" && target.spec.replicated.replicas === 0;
      // A service of no replicas is healthy.
      if (changed || (empty && condition === ServiceDependencyCondition.HEALTHY)) continue;
      const reached =
        condition === ServiceDependencyCondition.COMPLETED ? this.#completed : this.#ran;
      const met = reached.has(serviceName);
      demand(met, "dependency", () => `${show(task)} starts before service ${serviceName}`);
    }
  }
}
