import { ChangeKind, type Task } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import { slotKey } from "../store/schema.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import { applyDraft } from "./apply-draft.ts";
import { Backlog } from "./backlog.ts";
import { Draft } from "./draft.ts";
import { inSlices } from "./in-slices.ts";
import type { Modules } from "./modules.ts";
import { attemptsKept, planReap, retentionLimit, slotOf } from "./plan-reap.ts";
import { isSticky } from "./sticky-volumes.ts";
import { hasEnded } from "./task-state.ts";
import { workOff } from "./work-off.ts";

/** Time in which removals are gathered for one transaction. */
export const REAP_BATCH_MS = 250;

/** So many slots to look at are looked at without waiting for more. */
const REAP_BATCH_SLOTS_MAX = 1_000;

/** Slots looked at between two turns of the event loop. */
const REAP_SLICE_SLOTS_MAX = 2_000;

/** Whether a service that changed, or went, may keep fewer tasks than before. */
function keepsOthers({
  object: service,
  old,
  change,
}: Extract<StoreEvent, { kind: "service" }>): boolean {
  if (change === ChangeKind.REMOVE) return isSticky(service);
  if (!old) return false;
  const before = attemptsKept(old.spec?.task ?? null);
  if (before !== attemptsKept(service.spec?.task ?? null)) return true;
  return isSticky(old) && !isSticky(service);
}

/** Takes finished tasks out of the store when nobody needs them. */
class TaskReaper implements Controller {
  readonly name = "task-reaper";
  readonly kinds = ["cluster", "service", "task", "node"] as const;
  readonly #modules: Modules;
  /** One task of each slot to look at, by slot; tasks without a service by their id. */
  readonly #dirty = new Backlog<string>();
  #dirtySince = 0;
  /** Whether every task is yet to be looked at. */
  #sweeps = false;
  /** Services that keep another number of tasks since their last change. */
  readonly #changed = new Set<string>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  init(): void {
    this.#sweeps = true;
  }

  mark(event: StoreEvent): void {
    if (event.kind === "cluster") {
      const before = event.old && retentionLimit(event.old);
      if (before !== retentionLimit(event.object)) this.#sweeps = true;
    } else if (event.kind === "service") {
      if (keepsOthers(event)) this.#changed.add(event.object.id);
    } else if (event.kind === "task" && event.change !== ChangeKind.REMOVE) {
      const { object: task, old } = event;
      if (this.#mayFree(task, old)) this.#add(task);
    } else if (event.kind === "node" && event.change === ChangeKind.REMOVE) {
      for (const task of this.#modules.store.view.task.by("node", event.object.id)) this.#add(task);
    }
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#modules;
    await this.#sweep(signal);
    if (this.#dirty.size === 0) return undefined;
    const due = this.#dirtySince + REAP_BATCH_MS - clock.now();
    if (due > 0 && this.#dirty.size < REAP_BATCH_SLOTS_MAX) return due;
    return workOff(this.#dirty, this.#modules, (tx) => this.#plan(tx), signal);
  }

  /** Looks at every slot that may keep fewer tasks than before. */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#modules;
    const add = (task: Task): void => this.#add(task);
    for (const id of this.#changed) {
      this.#changed.delete(id);
      await inSlices(store.view.task.by("service", id), add, clock, signal);
    }
    if (!this.#sweeps) return;
    this.#sweeps = false;
    await inSlices(store.view.task.all(), add, clock, signal);
  }

  #plan(tx: Transaction): void {
    const draft = new Draft();
    let seen = 0;
    for (const [key, id] of this.#dirty) {
      if (draft.full || seen++ >= REAP_SLICE_SLOTS_MAX) break;
      const task = tx.view.task.get(id) ?? this.#another(tx.view, key);
      if (task) planReap(tx.view, slotOf(tx.view, task), draft);
      if (!draft.full) this.#dirty.take(key);
    }
    applyDraft(draft, tx, this.#modules);
  }

  /** Whether a change may leave something to take out; a slot's first task does not. */
  #mayFree(task: Task, old: Task | undefined): boolean {
    if (hasEnded(task)) return !(old && hasEnded(old)) || old.desiredState !== task.desiredState;
    if (old) return old.desiredState !== task.desiredState;
    return this.#modules.store.view.task.by("slot", slotKey(task)).size > 1;
  }

  #another(view: StoreView, key: string): Task | undefined {
    const [task] = view.task.by("slot", key);
    return task;
  }

  #add(task: Task): void {
    if (this.#dirty.size === 0) this.#dirtySince = this.#modules.clock.now();
    this.#dirty.add(task.serviceId === "" ? task.id : slotKey(task), task.id);
  }
}

/** Removes tasks that are over and beyond the history kept, until `signal` aborts. */
export function runTaskReaper(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new TaskReaper(modules), modules, signal);
}
