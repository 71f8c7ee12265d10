import { make } from "../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  TaskState,
  type Node,
  type Task,
} from "../../proto/generated.ts";
import type { Controller } from "../../manager/store/controller.ts";
import type { Store } from "../../manager/store/store.ts";
import type { StoreEvent, StoreView } from "../../manager/store/tables.ts";
import type { Clock } from "../../lib/clock.ts";

/** How a task fares once it is assigned. */
export interface Fate {
  /** From ASSIGNED to READY. @default 0 */
  readonly prepareMs?: number;
  /** Never gets past this state. */
  readonly stuckAt?: TaskState;
  /** How it ends by itself, and how long after READY or, for COMPLETE and FAILED, RUNNING. */
  readonly ends?: { readonly state: TaskState; readonly afterMs: number };
  /** From the order to stop to SHUTDOWN. @default 0 */
  readonly stopMs?: number;
}

/** Writes in one transaction. */
const BATCH_MAX = 200;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/**
 * Allocator, scheduler, dispatcher and agents in one, in the plainest form: tasks move to the least
 * loaded node and through their states as `fate` tells. Nodes that are down, or {@link cut}, say
 * nothing. Run it with `runController`.
 */
export class ScriptedAgents implements Controller {
  readonly name = "scripted-agents";
  readonly kinds = ["task", "node"] as const;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #fate: (task: Task) => Fate;
  readonly #dirty = new Set<string>();
  readonly #cut = new Set<string>();
  readonly #load = new Map<string, number>();

  constructor(
    { store, clock }: { readonly store: Store; readonly clock: Clock },
    fate: (task: Task) => Fate = () => ({}),
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#fate = fate;
  }

  init(view: StoreView): void {
    for (const task of view.task.all()) this.#dirty.add(task.id);
  }

  mark(event: StoreEvent): void {
    if (event.kind === "task") this.#dirty.add(event.object.id);
    if (event.kind === "node")
      for (const task of this.#store.view.task.all())
        if (task.nodeId === "" || task.nodeId === event.object.id) this.#dirty.add(task.id);
  }

  /** The agent of node `id` is not heard any more, though the node's state stays as it is. */
  cut(id: string): void {
    this.#cut.add(id);
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#clock.now();
    const waiting = new Map<string, number>();
    while (this.#dirty.size > 0) {
      const batch = [...this.#dirty].slice(0, BATCH_MAX);
      for (const id of batch) this.#dirty.delete(id);
      await this.#store.update((tx) => {
        for (const id of batch) {
          const task = tx.view.task.get(id);
          const step = task && this.#step(task, tx.view);
          if (!step) continue;
          if (step.at > now) waiting.set(id, step.at);
          else tx.update("task", this.#moved(step.task, step.to, now));
        }
      }, signal);
    }
    for (const id of waiting.keys()) this.#dirty.add(id);
    const next = Math.min(...waiting.values());
    return next === Infinity ? undefined : next - now;
  }

  #moved(task: Task, state: TaskState, now: number): Task {
    const message = Object.entries(TaskState).find(([, value]) => value === state)?.[0] ?? "";
    const err = state === TaskState.FAILED || state === TaskState.REJECTED ? "scripted" : "";
    const status = make("TaskStatus", { state, message, err, timestampMs: now, appliedAtMs: now });
    return { ...task, status };
  }

  #step(
    task: Task,
    view: StoreView,
  ): { readonly task: Task; readonly to: TaskState; readonly at: number } | undefined {
    const state = stateOf(task);
    const since = task.status?.timestampMs ?? 0;
    const fate = this.#fate(task);
    if (state > TaskState.RUNNING || fate.stuckAt === state) return undefined;
    if (state === TaskState.NEW) return { task, to: TaskState.PENDING, at: 0 };
    if (state === TaskState.PENDING) return this.#assign(task, view);
    const node = view.node.get(task.nodeId);
    if (!node || node.status?.state === NodeState.DOWN || this.#cut.has(node.id)) return undefined;
    if (task.desiredState > TaskState.COMPLETE) {
      const at = (task.meta?.updatedAtMs ?? 0) + (fate.stopMs ?? 0);
      return { task, to: TaskState.SHUTDOWN, at };
    }
    const { ends } = fate;
    const endsAt =
      ends && (ends.state === TaskState.REJECTED ? TaskState.READY : TaskState.RUNNING);
    if (ends && state === endsAt) return { task, to: ends.state, at: since + ends.afterMs };
    if (state < TaskState.READY)
      return { task, to: TaskState.READY, at: since + (fate.prepareMs ?? 0) };
    const start = state === TaskState.READY && task.desiredState > TaskState.READY;
    return start ? { task, to: TaskState.RUNNING, at: 0 } : undefined;
  }

  #assign(
    task: Task,
    view: StoreView,
  ): { readonly task: Task; readonly to: TaskState; readonly at: number } | undefined {
    if (task.desiredState > TaskState.COMPLETE) return undefined;
    if (task.nodeId !== "") return { task, to: TaskState.ASSIGNED, at: 0 };
    let best: Node | undefined;
    for (const node of view.node.all()) {
      if (node.status?.state !== NodeState.READY) continue;
      if (node.spec?.availability !== NodeAvailability.ACTIVE) continue;
      if (!best || this.#loadOf(node) < this.#loadOf(best)) best = node;
    }
    if (!best) return undefined;
    this.#load.set(best.id, this.#loadOf(best) + 1);
    return { task: { ...task, nodeId: best.id }, to: TaskState.ASSIGNED, at: 0 };
  }

  #loadOf(node: Node): number {
    return this.#load.get(node.id) ?? 0;
  }
}
