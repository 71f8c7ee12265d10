import type { Clock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { ChangeKind, TaskState, type Service, type Task } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { Store } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import { isAllocated, PENDING_MESSAGE } from "../resources/endpoint.ts";
import { planEndpoint, PortSpace } from "./ports.ts";

/** Objects written in one transaction. */
const CHANGES_PER_TRANSACTION_MAX = 500;

export interface AllocatorModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Gives services their ports and lets tasks go from NEW to PENDING once their service has what
 * it needs. The only writer of `service.endpoint` of services that have, or had, ports, and the only
 * way out of NEW.
 */
class Allocator implements Controller {
  readonly name = "allocator";
  readonly kinds = ["service", "task"] as const;
  readonly #modules: AllocatorModules;
  readonly #space = new PortSpace();
  readonly #services = new Set<string>();
  readonly #tasks = new Set<string>();
  /** Services whose ports are taken; tried again when any service changes. */
  readonly #blocked = new Set<string>();

  constructor(modules: AllocatorModules) {
    this.#modules = modules;
  }

  init(view: StoreView): void {
    for (const service of view.service.all()) this.#space.hold(service);
    for (const service of view.service.all()) this.#markService(service);
    for (const task of view.task.all()) this.#markTask(task);
  }

  mark(event: StoreEvent): void {
    if (event.kind === "task" && event.change !== ChangeKind.REMOVE) this.#markTask(event.object);
    if (event.kind !== "service") return;
    if (event.change === ChangeKind.REMOVE) {
      this.#space.release(event.object.id);
      this.#blocked.delete(event.object.id);
    } else {
      this.#space.hold(event.object);
      this.#markService(event.object);
    }
    for (const id of this.#blocked) this.#services.add(id);
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    await this.#allocateServices(signal);
    await this.#passTasks(signal);
    return undefined;
  }

  #markService(service: Service): void {
    if (!isAllocated(service)) this.#services.add(service.id);
  }

  #markTask(task: Task): void {
    if ((task.status?.state ?? TaskState.NEW) === TaskState.NEW) this.#tasks.add(task.id);
  }

  async #allocateServices(signal: AbortSignal): Promise<void> {
    const ids = [...this.#services];
    this.#services.clear();
    for (const id of ids) {
      try {
        await this.#modules.store.update((tx) => {
          const service = tx.view.service.get(id);
          if (!service || isAllocated(service)) return;
          const endpoint = planEndpoint(service, this.#space);
          if (endpoint) tx.update("service", { ...service, endpoint });
          else this.#blocked.add(id);
        }, signal);
      } catch (error) {
        // Another manager's service took the port in between: as good as taken before.
        if (!isSwarmError(error, "exists")) throw error;
        this.#blocked.add(id);
      }
      const service = this.#modules.store.view.service.get(id);
      if (!service || !isAllocated(service)) continue;
      this.#blocked.delete(id);
      for (const task of this.#modules.store.view.task.by("service", id)) this.#markTask(task);
    }
  }

  async #passTasks(signal: AbortSignal): Promise<void> {
    const ids = [...this.#tasks];
    this.#tasks.clear();
    for (let from = 0; from < ids.length; from += CHANGES_PER_TRANSACTION_MAX) {
      const slice = ids.slice(from, from + CHANGES_PER_TRANSACTION_MAX);
      await this.#modules.store.update((tx) => {
        for (const id of slice) {
          const task = tx.view.task.get(id);
          if (!task?.status || task.status.state !== TaskState.NEW) continue;
          const service = task.serviceId ? tx.view.service.get(task.serviceId) : undefined;
          if (service && !isAllocated(service)) continue;
          const status = {
            ...task.status,
            state: TaskState.PENDING,
            message: PENDING_MESSAGE,
            timestampMs: this.#modules.clock.now(),
          };
          tx.update("task", { ...task, status, endpoint: service?.endpoint ?? task.endpoint });
        }
      }, signal);
    }
  }
}

/** Runs the allocator until `signal` aborts. */
export function runAllocator(modules: AllocatorModules, signal: AbortSignal): Promise<void> {
  return runController(new Allocator(modules), modules, signal);
}
