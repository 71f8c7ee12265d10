import type { Task } from "../../proto/generated.ts";
import { NO_FACTS, type ClusterFacts } from "./cluster-facts.ts";
import { Backlog, type Group } from "./backlog.ts";
import { isPending, schedulerOf, waitingForScheduler, type Decision } from "./decision.ts";
import { assign, GroupPass, placeOnNode, type Placement, type PlaceOptions } from "./group-pass.ts";
import { groupKey, type NodeInfo } from "./node-info.ts";
import { NodeSet } from "./node-set.ts";
import { Pipeline } from "./pipeline.ts";

/** A waiting task is told anew why it waits at most this often. */
const EXPLAIN_PERIOD_MS = 1_000;

/**
 * The mirror of the nodes and the tasks that want one. Decides step by step, so that the caller
 * may stop between any two steps, write down what was decided and let changes in.
 */
export class Placer {
  readonly nodes: NodeSet;
  readonly #backlog = new Backlog();
  /** Placements on their way to the store, by task. */
  readonly #deciding = new Map<string, Placement>();
  /** Tasks left to other schedulers that do not say so yet. */
  readonly #unlabelled = new Map<string, Task>();
  /** Blocked groups whose tasks know an older reason than the latest. */
  readonly #outdated = new Set<Group>();

  constructor(facts: ClusterFacts = NO_FACTS) {
    this.nodes = new NodeSet(facts);
  }

  /** Notes how a task changed in the store. */
  change(task: Task, old: Task | undefined): void {
    const placement = this.#deciding.get(task.id);
    if (placement && isWritten(placement, task)) {
      this.#deciding.delete(task.id);
      this.nodes.confirm(placement, task);
      return;
    }
    this.nodes.putTask(task, old);
    this.note(task);
  }

  /** Notes a task as it is now. Those left to another scheduler are told so, and no more. */
  note(task: Task): void {
    if (this.#deciding.has(task.id)) return;
    if (!isPending(task)) this.#backlog.remove(task);
    else if (schedulerOf(task) === "") this.#backlog.put(task);
    else if (task.status?.err === "") this.#unlabelled.set(task.id, task);
  }

  /** Puts a task that another scheduler placed on that node, if every filter lets it. */
  placeAt(task: Task, info: NodeInfo): Decision {
    // Whom it waits for is no news any more, and one transaction holds one change of a task.
    this.#unlabelled.delete(task.id);
    const pipeline = new Pipeline(task);
    const isCounted = info.remove(task) !== "none";
    if (pipeline.fits(info)) {
      return this.#decided(assign(task, info));
    }
    if (isCounted) info.add(task);
    return { task, err: pipeline.explain([info]).text };
  }

  /** Whether a decision on the task is on its way to the store. */
  isDeciding(taskId: string): boolean {
    return this.#deciding.has(taskId);
  }

  /** Forgets a task that is gone. */
  remove(task: Task): void {
    this.nodes.forget(task);
    this.#backlog.remove(task);
  }

  /** Decides on all that is to be looked at; null is a step without a decision. */
  *decide(options: PlaceOptions): Iterable<Decision | null> {
    for (const group of this.#outdated) {
      // Those who waited are gone: nobody is left to be told.
      if (group.tasks.size === 0) this.#outdated.delete(group);
      else this.#backlog.wake(group);
    }
    yield* this.#backlog.open(this.nodes.takeOpenings(), this.nodes);
    const pipelines = new Map<string, Pipeline>();
    for (const [id, task] of this.#unlabelled) {
      this.#unlabelled.delete(id);
      yield { task, err: waitingForScheduler(task) };
    }
    for (const task of this.#backlog.takeGiven()) yield this.#decideGiven(task, pipelines);
    for (const group of this.#backlog.takeReady()) yield* this.#decideGroup(group, options);
  }

  /**
   * Gives back what a placement took that was not written, after the attempt to: `currentOf` has
   * the task as it is in the store. Of those that were written, {@link change} has heard.
   */
  settle(decision: Decision, currentOf: (taskId: string) => Task | undefined): void {
    const { task } = decision;
    if ("err" in decision || this.#deciding.get(task.id) !== decision) return;
    this.#deciding.delete(task.id);
    const { nodeId } = decision;
    const current = currentOf(task.id);
    if (current?.nodeId === nodeId) this.nodes.putTask(current, decision.counted);
    else this.nodes.forget(decision.counted, nodeId);
    if (current) this.note(current);
  }

  /** When waiting tasks want to be told a newer reason; undefined when they know it. */
  get explainAtMs(): number | undefined {
    let earliest: number | undefined;
    for (const { explainedAtMs } of this.#outdated)
      earliest = Math.min(earliest ?? Infinity, explainedAtMs + EXPLAIN_PERIOD_MS);
    return earliest;
  }

  #decideGiven(task: Task, pipelines: Map<string, Pipeline>): Decision {
    const key = groupKey(task);
    const pipeline = pipelines.get(key) ?? new Pipeline(task);
    pipelines.set(key, pipeline);
    const placed = placeOnNode(task, this.nodes, pipeline);
    if ("nodeId" in placed) return this.#decided(placed);
    this.#backlog.waitForNode(task);
    return { task, err: placed.text };
  }

  #decided(placement: Placement): Placement {
    this.#deciding.set(placement.task.id, placement);
    return placement;
  }

  *#decideGroup(group: Group, options: PlaceOptions): Iterable<Decision | null> {
    let pass: GroupPass | undefined;
    for (const task of group.tasks.values()) {
      if (!pass) {
        pass = new GroupPass(task, this.nodes, options);
        yield null;
      }
      const placement = pass.place(task);
      if (!placement) {
        yield* this.#block(group, pass, options.nowMs);
        return;
      }
      group.tasks.delete(task.id);
      yield this.#decided(placement);
    }
    this.#outdated.delete(group);
    this.#backlog.dropIfEmpty(group);
  }

  /** Tells every task of the group why it waits: new ones at once, the others now and then. */
  *#block(group: Group, pass: GroupPass, nowMs: number): Iterable<Decision | null> {
    const explanation = pass.explain();
    this.#backlog.block(group, pass.pipeline, explanation);
    const isDue = nowMs - group.explainedAtMs >= EXPLAIN_PERIOD_MS;
    if (isDue) {
      group.explainedAtMs = nowMs;
      this.#outdated.delete(group);
    }
    for (const task of group.tasks.values()) {
      const err = task.status?.err ?? "";
      if (err === explanation.text) yield null;
      else if (err === "" || isDue) yield { task, err: explanation.text };
      else this.#outdated.add(group);
    }
  }
}

/** Whether `task` is what `placement` says. */
function isWritten({ nodeId }: Placement, task: Task): boolean {
  return task.nodeId === nodeId && !isPending(task);
}
