import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { ChangeKind, PlacementStrategy, TaskState, type Task } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { Store } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import { groupKey, NodeSet } from "./node-info.ts";
import { placeGroup, placeOnNode, type Placement } from "./place.ts";

/** Tasks decided in one transaction. */
const DECISIONS_PER_TRANSACTION_MAX = 250;

/** Transactions on their way at the same time. */
const TRANSACTIONS_IN_FLIGHT_MAX = 4;

export interface SchedulerModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What is written about one task: where it goes, or why it waits. */
type Decision = Placement | { readonly task: Task; readonly err: string };

/**
 * Gives PENDING tasks a node: the only writer of `task.node_id` and the only way from PENDING to
 * ASSIGNED. It works on a mirror of the nodes that follows the store event by event.
 */
class Scheduler implements Controller {
  readonly name = "scheduler";
  readonly #modules: SchedulerModules;
  readonly #nodes = new NodeSet();
  /** Tasks to be looked at by the next round. */
  readonly #pending = new Map<string, Task>();
  /** Tasks that fit nowhere, until something changes that may make room. */
  readonly #waiting = new Map<string, Task>();
  #roomMade = false;

  constructor(modules: SchedulerModules) {
    this.#modules = modules;
  }

  init(view: StoreView): void {
    for (const node of view.node.all()) this.#nodes.putNode(node, view.task.by("node", node.id));
    for (const task of view.task.all()) this.#note(task);
  }

  mark(event: StoreEvent): void {
    if (event.kind === "node") {
      if (event.change === ChangeKind.REMOVE) this.#nodes.removeNode(event.object.id);
      else
        this.#roomMade =
          this.#nodes.putNode(event.object, this.#tasksOf(event.object.id)) || this.#roomMade;
    }
    if (event.kind === "task") this.#markTask(event.object, event.old, event.change);
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    if (this.#roomMade) {
      for (const [id, task] of this.#waiting) this.#pending.set(id, task);
      this.#waiting.clear();
      this.#roomMade = false;
    }
    const tasks = [...this.#pending.values()];
    this.#pending.clear();
    const inFlight = new Set<Promise<void>>();
    for (const decisions of this.#decide(tasks)) {
      const writing = this.#write(decisions, signal).finally(() => inFlight.delete(writing));
      inFlight.add(writing);
      if (inFlight.size >= TRANSACTIONS_IN_FLIGHT_MAX) await Promise.race(inFlight);
      await setImmediate();
    }
    await Promise.all(inFlight);
    return undefined;
  }

  #tasksOf(nodeId: string): Iterable<Task> {
    return this.#modules.store.view.task.by("node", nodeId);
  }

  #markTask(task: Task, old: Task | undefined, change: ChangeKind): void {
    if (change === ChangeKind.REMOVE) {
      this.#nodes.removeTask(task);
      this.#pending.delete(task.id);
      this.#waiting.delete(task.id);
      this.#roomMade ||= task.nodeId !== "";
      return;
    }
    this.#nodes.putTask(task, old);
    this.#note(task);
    const state = task.status?.state ?? TaskState.NEW;
    const before = old?.status?.state ?? TaskState.NEW;
    if (state <= TaskState.RUNNING || before > TaskState.RUNNING || task.nodeId === "") return;
    this.#roomMade = true;
    if (state === TaskState.FAILED || state === TaskState.REJECTED)
      this.#nodes.get(task.nodeId)?.noteFailure(groupKey(task), this.#modules.clock.now());
  }

  #note(task: Task): void {
    const isPending =
      task.status?.state === TaskState.PENDING && task.desiredState <= TaskState.COMPLETE;
    const isOurs = (task.spec?.placement?.scheduler ?? "") === "";
    if (isPending && isOurs) {
      const waiting = this.#waiting.get(task.id);
      // Our own note on why it waits is no reason to look again.
      if (waiting && waiting.spec === task.spec) this.#waiting.set(task.id, task);
      else this.#pending.set(task.id, task);
      return;
    }
    this.#pending.delete(task.id);
    this.#waiting.delete(task.id);
  }

  /** Decisions on `tasks`, in batches. Lazy, so that each batch is written while the next is made. */
  *#decide(tasks: readonly Task[]): Iterable<readonly Decision[]> {
    let batch: Decision[] = [];
    const preassigned = tasks.filter((task) => task.nodeId !== "");
    const groups = new Map<string, Task[]>();
    for (const task of tasks) {
      if (task.nodeId !== "") continue;
      const group = groups.get(groupKey(task));
      if (group) group.push(task);
      else groups.set(groupKey(task), [task]);
    }
    for (const decision of this.#decideEach(preassigned, groups.values())) {
      batch.push(decision);
      if (batch.length < DECISIONS_PER_TRANSACTION_MAX) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  *#decideEach(
    preassigned: readonly Task[],
    groups: Iterable<readonly Task[]>,
  ): Iterable<Decision> {
    for (const task of preassigned) {
      const placed = placeOnNode(task, this.#nodes);
      yield "err" in placed ? this.#wait(task, placed.err) : placed;
    }
    const [cluster] = this.#modules.store.view.cluster.all();
    const defaultStrategy = cluster?.spec?.taskDefaults?.strategy ?? PlacementStrategy.DEFAULT;
    const options = {
      defaultStrategy,
      nowMs: this.#modules.clock.now(),
      random: this.#modules.random,
    };
    for (const group of groups) {
      for (let from = 0; from < group.length; from += DECISIONS_PER_TRANSACTION_MAX) {
        const slice = group.slice(from, from + DECISIONS_PER_TRANSACTION_MAX);
        const { placements, waiting, explanation } = placeGroup(slice, this.#nodes, options);
        yield* placements;
        for (const task of waiting) yield this.#wait(task, explanation);
      }
    }
  }

  #wait(task: Task, err: string): Decision {
    this.#waiting.set(task.id, task);
    return { task, err };
  }

  async #write(decisions: readonly Decision[], signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#modules;
    const now = clock.now();
    const dropped: Placement[] = [];
    await store.update((tx) => {
      dropped.length = 0;
      for (const decision of decisions) {
        const current = tx.view.task.get(decision.task.id);
        const valid =
          current?.status?.state === TaskState.PENDING &&
          current.desiredState <= TaskState.COMPLETE &&
          (decision.task.nodeId !== "" || current.nodeId === "");
        if (!current?.status || !valid) {
          if ("nodeId" in decision) dropped.push(decision);
          continue;
        }
        if ("err" in decision) {
          if (current.status.err === decision.err) continue;
          tx.update("task", { ...current, status: { ...current.status, err: decision.err } });
          continue;
        }
        const message =
          decision.task.nodeId === ""
            ? "scheduler assigned task to node"
            : "scheduler confirmed task can run on preassigned node";
        const status = {
          ...current.status,
          state: TaskState.ASSIGNED,
          message,
          err: "",
          timestampMs: now,
        };
        tx.update("task", {
          ...current,
          nodeId: decision.nodeId,
          status,
          assignedGenericResources: decision.genericResources,
        });
      }
    }, signal);
    for (const { task, nodeId } of dropped) this.#forget(task, nodeId);
  }

  /** Gives back what a placement that was not written had taken in the mirror. */
  #forget(task: Task, nodeId: string): void {
    const current = this.#modules.store.view.task.get(task.id);
    if (current?.nodeId !== nodeId) this.#nodes.get(nodeId)?.remove(task.id);
    else this.#nodes.get(nodeId)?.put(current);
  }
}

/** Runs the scheduler until `signal` aborts. */
export function runScheduler(modules: SchedulerModules, signal: AbortSignal): Promise<void> {
  return runController(new Scheduler(modules), modules, signal);
}
