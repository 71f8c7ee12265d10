import { ChangeKind, type Service, type Task } from "../../proto/generated.ts";
import type { Controller } from "../store/controller.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import { applyDraft } from "./apply-draft.ts";
import { Backlog } from "./backlog.ts";
import { Dependents } from "./dependencies.ts";
import { Draft } from "./draft.ts";
import { inSlices } from "./in-slices.ts";
import type { Modules } from "./modules.ts";
import { contextOf, planRemoval, type ServicePlan } from "./plan-service.ts";
import { isNodeChange, isTaskChange } from "./relevance.ts";
import { SlotTable } from "./slot-table.ts";
import type { SlotRule } from "./slot.ts";
import type { NodeLookup } from "./task-state.ts";
import { workOff } from "./work-off.ts";

/** One run of plans looks at no more tasks than this before it lets the event loop go on. */
const SLICE_TASKS_MAX = 5_000;

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
  readonly slotRule: SlotRule;
  readonly plan: ServicePlan;
}

/** What one service waits for after its last plan. */
interface Wishes {
  readonly wakeAt: number;
  readonly awaitsRunning: boolean;
}

/** The shell around the plans of one service mode: which services to plan when, and the writing. */
export class ServiceController implements Controller {
  readonly kinds = ["service", "task", "node"] as const;
  readonly #mode: ServiceMode;
  readonly #modules: Modules;
  readonly #dirty = new Backlog<true>();
  readonly #wishes = new Map<string, Wishes>();
  readonly #dependents = new Dependents();
  #looksForStrays = false;
  readonly #tables = new Map<string, SlotTable>();
  readonly #node: NodeLookup;

  constructor(mode: ServiceMode, modules: Modules) {
    this.#mode = mode;
    this.#modules = modules;
    this.#node = (id) => modules.store.view.node.get(id);
  }

  get name(): string {
    return this.#mode.name;
  }

  init(view: StoreView): void {
    for (const service of view.service.all()) this.#noteService(service, false);
    this.#looksForStrays = this.#mode.endsStrays;
  }

  mark(event: StoreEvent): void {
    if (event.kind === "service") {
      this.#noteService(event.object, event.change === ChangeKind.REMOVE);
    } else if (event.kind === "task") {
      this.#markTask(event.object, event);
    } else if (event.kind === "node") {
      this.#markNode(event);
    }
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    await this.#findStrays(signal);
    const now = this.#modules.clock.now();
    for (const [id, { wakeAt }] of this.#wishes) if (wakeAt <= now) this.#dirty.add(id, true);
    const retryMs = await workOff(this.#dirty, this.#modules, (tx) => this.#plan(tx), signal);
    if (retryMs !== undefined) return retryMs;
    let next = Infinity;
    for (const { wakeAt } of this.#wishes.values()) next = Math.min(next, wakeAt);
    return next === Infinity ? undefined : Math.max(0, next - this.#modules.clock.now());
  }

  /** Marks the services that were removed while no leader looked. */
  async #findStrays(signal: AbortSignal): Promise<void> {
    if (!this.#looksForStrays) return;
    this.#looksForStrays = false;
    const { store } = this.#modules;
    const visit = ({ serviceId }: Task): void => {
      if (serviceId !== "" && !store.view.service.get(serviceId)) this.#dirty.add(serviceId, true);
    };
    await inSlices(store.view.task.all(), visit, this.#modules.clock, signal);
  }

  /** Plans as many services as fit into one transaction. */
  #plan(tx: Transaction): void {
    const draft = new Draft();
    let visited = 0;
    for (const [id] of this.#dirty) {
      if (draft.full || visited >= SLICE_TASKS_MAX) break;
      visited += 1 + this.#planOne(id, tx.view, draft);
      if (!draft.full) this.#dirty.take(id);
    }
    applyDraft(draft, tx, this.#modules);
    draft.restoreSlots();
  }

  /** @returns how many tasks and nodes were looked at. */
  #planOne(id: string, view: StoreView, draft: Draft): number {
    const service = view.service.get(id);
    const tasks = view.task.by("service", id);
    draft.clearWishes();
    if (!service || service.pendingDelete) {
      planRemoval(tasks, draft);
      if (service && tasks.size === 0) draft.removeService(service);
    } else {
      const ctx = contextOf(service, view, this.#modules.clock.now());
      this.#mode.plan(ctx, this.#table(id, tasks), draft, view);
    }
    const { wakeAt, awaitsRunning } = draft;
    if (wakeAt === Infinity && !awaitsRunning) this.#wishes.delete(id);
    else this.#wishes.set(id, { wakeAt, awaitsRunning });
    return tasks.size + (this.#mode.perNode ? view.node.size : 0);
  }

  #table(id: string, tasks: Iterable<Task>): SlotTable {
    let table = this.#tables.get(id);
    if (table) return table;
    table = new SlotTable(tasks, this.#mode.slotRule, this.#node);
    this.#tables.set(id, table);
    return table;
  }

  #noteService(service: Service, removed: boolean): void {
    this.#markDependents(service.spec?.annotations?.name ?? "");
    if (!this.#owns(service)) return;
    this.#dirty.add(service.id, true);
    if (!removed) {
      this.#dependents.put(service);
      return;
    }
    this.#dependents.remove(service.id);
    this.#tables.delete(service.id);
  }

  #markDependents(name: string): void {
    for (const id of this.#dependents.of(name)) this.#dirty.add(id, true);
  }

  #markTask(task: Task, event: StoreEvent & { readonly kind: "task" }): void {
    if (task.serviceId === "") return;
    this.#tables.get(task.serviceId)?.apply(event.change, event.old, task);
    if (isTaskChange(event, true, this.#node))
      this.#markDependents(task.serviceAnnotations?.name ?? "");
    const service = this.#modules.store.view.service.get(task.serviceId);
    if (!service || !this.#owns(service)) return;
    const awaitsRunning = this.#wishes.get(service.id)?.awaitsRunning ?? false;
    if (isTaskChange(event, awaitsRunning, this.#node)) this.#dirty.add(service.id, true);
  }

  #markNode(event: StoreEvent & { readonly kind: "node" }): void {
    if (!isNodeChange(event.old, event.object, event.change)) return;
    const { view } = this.#modules.store;
    for (const task of view.task.by("node", event.object.id)) {
      this.#tables.get(task.serviceId)?.review(task);
      if (!this.#mode.perNode) this.#markOwned(view.service.get(task.serviceId));
    }
    if (this.#mode.perNode) for (const service of view.service.all()) this.#markOwned(service);
  }

  #markOwned(service: Service | undefined): void {
    if (service && this.#owns(service)) this.#dirty.add(service.id, true);
  }

  #owns(service: Service): boolean {
    return service.spec?.mode === this.#mode.mode;
  }
}
