import { setImmediate } from "node:timers/promises";
import { isSwarmError, messageOf } from "../../lib/errors.ts";
import { ChangeKind, type Service, type Task } from "../../proto/generated.ts";
import type { Controller } from "../store/controller.ts";
import { isLeadershipLoss } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import { applyDraft } from "./apply-draft.ts";
import { Draft } from "./draft.ts";
import type { Modules } from "./modules.ts";
import { contextOf, planRemoval, type ServicePlan } from "./plan-service.ts";
import { isNodeChange, isTaskChange } from "./relevance.ts";

/** One run of plans looks at no more tasks than this before it lets the event loop go on. */
const SLICE_TASKS_MAX = 5_000;

/** Wait before a refused transaction is planned again. */
const RETRY_DELAY_MS = 1_000;

/** What makes a controller of services one for replicated services, global ones, or jobs. */
export interface ServiceMode {
  /** Name of the loop in logs and metrics. */
  readonly name: string;
  /** Value of `spec.mode` it answers for. */
  readonly mode: NonNullable<NonNullable<Service["spec"]>["mode"]>;
  /** Whether each node matters to each service, not only to the tasks it has. */
  readonly perNode: boolean;
  /** Whether it ends the tasks whose service went while no manager looked. */
  readonly endsStrays: boolean;
  readonly plan: ServicePlan;
}

/** What one service waits for after its last plan. */
interface Wishes {
  readonly wakeAt: number;
  readonly awaitsRunning: boolean;
}

/** The shell around the plans of one service mode: which services to plan when, and the writing. */
export class ServiceController implements Controller {
  readonly #mode: ServiceMode;
  readonly #modules: Modules;
  readonly #dirty = new Set<string>();
  readonly #wishes = new Map<string, Wishes>();

  constructor(mode: ServiceMode, modules: Modules) {
    this.#mode = mode;
    this.#modules = modules;
  }

  get name(): string {
    return this.#mode.name;
  }

  init(view: StoreView): void {
    for (const service of view.service.all()) if (this.#owns(service)) this.#dirty.add(service.id);
    if (!this.#mode.endsStrays) return;
    for (const { serviceId } of view.task.all())
      if (serviceId !== "" && !view.service.get(serviceId)) this.#dirty.add(serviceId);
  }

  mark(event: StoreEvent): void {
    if (event.kind === "service") {
      if (this.#owns(event.object)) this.#dirty.add(event.object.id);
    } else if (event.kind === "task") {
      this.#markTask(event.object, event);
    } else if (event.kind === "node") {
      this.#markNode(event);
    }
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#modules.clock.now();
    for (const [id, { wakeAt }] of this.#wishes) if (wakeAt <= now) this.#dirty.add(id);
    while (this.#dirty.size > 0) {
      signal.throwIfAborted();
      if (!(await this.#actOnSlice(signal))) return RETRY_DELAY_MS;
      await setImmediate();
    }
    let next = Infinity;
    for (const { wakeAt } of this.#wishes.values()) next = Math.min(next, wakeAt);
    return next === Infinity ? undefined : Math.max(0, next - this.#modules.clock.now());
  }

  /** Plans and writes as much as fits into one transaction; false when it was refused. */
  async #actOnSlice(signal: AbortSignal): Promise<boolean> {
    const taken = new Set<string>();
    try {
      await this.#modules.store.update((tx) => {
        for (const id of taken) this.#dirty.add(id);
        taken.clear();
        this.#plan(tx, taken);
      }, signal);
      return true;
    } catch (error) {
      for (const id of taken) this.#dirty.add(id);
      if (signal.aborted || isLeadershipLoss(error) || !isSwarmError(error)) throw error;
      this.#modules.log.warn({ code: error.code, reason: messageOf(error) }, "plan refused");
      return false;
    }
  }

  #plan(tx: Transaction, taken: Set<string>): void {
    const draft = new Draft();
    const unfinished: string[] = [];
    let visited = 0;
    for (const id of this.#dirty) {
      if (draft.full || visited >= SLICE_TASKS_MAX) break;
      this.#dirty.delete(id);
      taken.add(id);
      visited += 1 + this.#planOne(id, tx.view, draft);
      if (draft.full) unfinished.push(id);
    }
    for (const id of unfinished) this.#dirty.add(id);
    applyDraft(draft, tx, this.#modules.random);
  }

  /** @returns how many tasks were looked at. */
  #planOne(id: string, view: StoreView, draft: Draft): number {
    const service = view.service.get(id);
    const tasks = view.task.by("service", id);
    draft.clearWishes();
    if (!service || service.pendingDelete) {
      planRemoval(tasks, draft);
      if (service && tasks.size === 0) draft.removeService(service);
    } else {
      this.#mode.plan(contextOf(service, view, this.#modules.clock.now()), tasks, draft, view);
    }
    const { wakeAt, awaitsRunning } = draft;
    if (wakeAt === Infinity && !awaitsRunning) this.#wishes.delete(id);
    else this.#wishes.set(id, { wakeAt, awaitsRunning });
    return tasks.size;
  }

  #markTask(task: Task, event: StoreEvent & { readonly kind: "task" }): void {
    if (task.serviceId === "") return;
    const service = this.#modules.store.view.service.get(task.serviceId);
    if (!service || !this.#owns(service)) return;
    const awaitsRunning = this.#wishes.get(service.id)?.awaitsRunning ?? false;
    if (isTaskChange(event.old, task, event.change, awaitsRunning)) this.#dirty.add(service.id);
  }

  #markNode(event: StoreEvent & { readonly kind: "node" }): void {
    if (!isNodeChange(event.old, event.object, event.change)) return;
    const { view } = this.#modules.store;
    if (this.#mode.perNode) {
      for (const service of view.service.all())
        if (this.#owns(service)) this.#dirty.add(service.id);
      return;
    }
    if (event.change === ChangeKind.CREATE) return;
    for (const { serviceId } of view.task.by("node", event.object.id)) {
      const service = view.service.get(serviceId);
      if (service && this.#owns(service)) this.#dirty.add(serviceId);
    }
  }

  #owns(service: Service): boolean {
    return service.spec?.mode === this.#mode.mode;
  }
}
