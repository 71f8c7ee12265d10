import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { ChangeKind, TaskState, type Task } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { Store } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import { factsOf } from "./cluster-facts.ts";
import { DecisionBatch, writeDecisions, type Decision } from "./decision.ts";
import { defaultStrategyOf } from "./default-strategy.ts";
import type { PlaceOptions } from "./group-pass.ts";
import type { PlacementDesk } from "./external/placement-desk.ts";
import { Pace } from "./pace.ts";
import { Placer } from "./placer.ts";

/** Transactions on their way at the same time. */
const TRANSACTIONS_IN_FLIGHT_MAX = 8;

export interface SchedulerModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Placements of external schedulers, to be checked like our own. */
  readonly desk?: PlacementDesk;
}

/**
 * Gives PENDING tasks a node: the only writer of `task.node_id` and the only way from PENDING to
 * ASSIGNED. It works on a mirror of the nodes that follows the store event by event.
 */
class Scheduler implements Controller {
  readonly name = "scheduler";
  readonly kinds = ["node", "task", "volume"] as const;
  readonly #modules: SchedulerModules;
  readonly #placer: Placer;
  #hasScanned = false;

  constructor(modules: SchedulerModules) {
    this.#modules = modules;
    this.#placer = new Placer(factsOf(modules.store.view));
  }

  /** The state found at the start is visited in slices by the first round. */
  init(_view: StoreView, wake: () => void): void {
    this.#modules.desk?.serve(wake);
  }

  mark({ kind, change, object, old }: StoreEvent): void {
    if (kind === "node") {
      if (change === ChangeKind.REMOVE) {
        this.#placer.nodes.removeNode(object.id);
        // Replicas that its volumes held are free now.
        this.#placer.nodes.openAll();
      } else this.#placer.nodes.putNode(object, this.#tasksOf(object.id));
    } else if (kind === "task") {
      if (change === ChangeKind.REMOVE) this.#placer.remove(object);
      else this.#markTask(object, old);
    } else if (kind === "volume") {
      this.#placer.nodes.openAll();
    }
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#modules;
    const writes = new Set<Promise<void>>();
    const failures: unknown[] = [];
    const flush = async (): Promise<void> => {
      const writing = this.#write(batch.take(), signal)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => writes.delete(writing));
      writes.add(writing);
      if (writes.size >= TRANSACTIONS_IN_FLIGHT_MAX) await Promise.race(writes);
    };
    const batch = new DecisionBatch();
    const pace = new Pace(clock);
    for (const decision of this.#round()) {
      const isFull = decision !== null && batch.add(decision);
      if (isFull) await flush();
      else if (!pace.isOver(decision === null)) continue;
      await pace.pause();
      if (failures.length > 0 || signal.aborted) break;
    }
    if (!batch.isEmpty) await flush();
    await Promise.all(writes);
    if (failures.length > 0) throw failures[0];
    const explainAtMs = this.#placer.explainAtMs;
    return explainAtMs === undefined ? undefined : explainAtMs - clock.now();
  }

  *#round(): Iterable<Decision | null> {
    if (!this.#hasScanned) yield* this.#scan();
    this.#hasScanned = true;
    const { desk, store } = this.#modules;
    if (desk) yield* desk.decide(this.#placer, store.view);
    yield* this.#placer.decide(this.#options());
  }

  /** Takes in what is in the store. Events on what is not yet taken in come to the same. */
  *#scan(): Iterable<null> {
    const { view } = this.#modules.store;
    for (const node of view.node.all()) {
      this.#placer.nodes.putNode(node, this.#tasksOf(node.id));
      yield null;
    }
    for (const task of view.task.all()) {
      this.#placer.note(task);
      yield null;
    }
  }

  #options(): PlaceOptions {
    const { store, clock, random } = this.#modules;
    return { defaultStrategy: defaultStrategyOf(store.view), nowMs: clock.now(), random };
  }

  #tasksOf(nodeId: string): Iterable<Task> {
    return this.#modules.store.view.task.by("node", nodeId);
  }

  #markTask(task: Task, old: Task | undefined): void {
    this.#placer.change(task, old);
    const state = task.status?.state ?? TaskState.NEW;
    const hadEnded = (old?.status?.state ?? TaskState.NEW) > TaskState.RUNNING;
    if (!hadEnded && (state === TaskState.FAILED || state === TaskState.REJECTED))
      this.#placer.nodes.noteFailure(task, this.#modules.clock.now());
  }

  async #write(decisions: readonly Decision[], signal: AbortSignal): Promise<void> {
    const { store, clock, desk } = this.#modules;
    const nowMs = clock.now();
    const placed = await store.update((tx) => writeDecisions(tx, decisions, nowMs), signal);
    const currentOf = (taskId: string): Task | undefined => store.view.task.get(taskId);
    for (const decision of decisions) {
      this.#placer.settle(decision, currentOf);
      desk?.settle(decision, placed.has(decision));
    }
  }
}

/** Runs the scheduler until `signal` aborts. */
export function runScheduler(modules: SchedulerModules, signal: AbortSignal): Promise<void> {
  return runController(new Scheduler(modules), modules, signal);
}
