import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import {
  PlacementResultOutcome as Outcome,
  type PlacementResult,
  type Task,
  type TaskPlacement,
} from "../../../proto/generated.ts";
import type { StoreView } from "../../store/tables.ts";
import { isPending, schedulerOf, type Decision } from "../decision.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Placer } from "../placer.ts";
import { judge } from "../verdict.ts";

/** Placements that may wait for the scheduler's loop at a time. */
const WAITING_MAX = 10_000;

/** A placement that somebody waits to hear of. */
interface Wish extends TaskPlacement {
  readonly scheduler: string;
  readonly resolve: (result: PlacementResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Where placements of external schedulers wait until the scheduler's loop takes them: it checks
 * them against the same picture of the nodes as its own, and writes them in the same way.
 */
export class PlacementDesk {
  #waiting: Wish[] = [];
  /** Those whose decision is on its way to the store, by task. */
  readonly #writing = new Map<string, Wish>();
  #wake: () => void = () => {};
  #closed: SwarmError | undefined;

  /**
   * What became of `placements`, in their order, once it is in the store.
   * @throws SwarmError `exhausted`, `aborted` (it is not known what became of them), `not-leader`
   */
  submit(
    scheduler: string,
    placements: readonly TaskPlacement[],
  ): Promise<readonly PlacementResult[]> {
    if (this.#closed) throw this.#closed;
    if (this.#waiting.length + placements.length > WAITING_MAX)
      throw new SwarmError("exhausted", `${WAITING_MAX} placements wait already`);
    const results = placements.map(
      ({ taskId, nodeId }) =>
        new Promise<PlacementResult>((resolve, reject) => {
          this.#waiting.push({ scheduler, taskId, nodeId, resolve, reject });
        }),
    );
    this.#wake();
    return Promise.all(results);
  }

  /** A loop begins to take placements; what one before it was about to write is not known. */
  serve(wake: () => void): void {
    this.#wake = wake;
    const unknown = new SwarmError("aborted", "the scheduler started anew; ask again");
    for (const { reject } of this.#writing.values()) reject(unknown);
    this.#writing.clear();
    if (this.#waiting.length > 0) wake();
  }

  /** Ends every wait, now and later, with `error`. */
  close(error: SwarmError): void {
    this.#closed = error;
    for (const { reject } of [...this.#writing.values(), ...this.#waiting]) reject(error);
    this.#writing.clear();
    this.#waiting = [];
  }

  /** Decides on everything that waits. */
  *decide(placer: Placer, view: StoreView): Iterable<Decision> {
    const wishes = this.#waiting;
    this.#waiting = [];
    for (const wish of wishes) {
      const decision = this.#decide(wish, placer, view.task.get(wish.taskId));
      if (decision) yield decision;
    }
  }

  /** What came of a decision: whether it is in the store, after the attempt to write it. */
  settle(decision: Decision, isPlaced: boolean): void {
    if ("err" in decision) return;
    const wish = this.#writing.get(decision.task.id);
    if (!wish) return;
    this.#writing.delete(decision.task.id);
    answer(wish, isPlaced ? Outcome.PLACED : Outcome.NOT_PENDING);
  }

  #decide(wish: Wish, placer: Placer, task: Task | undefined): Decision | undefined {
    const info = placer.nodes.get(wish.nodeId);
    const refusal = refusalOf(wish, placer, task);
    if (refusal !== undefined || !task) {
      answer(wish, refusal ?? Outcome.NOT_PENDING);
      return undefined;
    }
    if (!info) {
      answer(wish, Outcome.WRONG_NODE);
      return undefined;
    }
    const decision = placer.placeAt(task, info);
    if ("err" in decision) answer(wish, Outcome.UNFIT, lacksOf(task, info));
    else this.#writing.set(task.id, wish);
    return decision;
  }
}

/** What speaks against a placement before any filter is asked. */
function refusalOf(wish: Wish, placer: Placer, task: Task | undefined): Outcome | undefined {
  if (!task || !isPending(task) || placer.isDeciding(task.id)) return Outcome.NOT_PENDING;
  if (schedulerOf(task) !== wish.scheduler) return Outcome.NOT_YOURS;
  return task.nodeId !== "" && task.nodeId !== wish.nodeId ? Outcome.WRONG_NODE : undefined;
}

/** Everything the node lacks, not just by the first filter that refuses it. */
function lacksOf(task: Task, info: NodeInfo): PlacementResult["lacks"] {
  const isCounted = task.nodeId === info.id;
  const { lacks } = judge(task, info);
  if (isCounted) info.add(task);
  return lacks.map(({ filter, what, needed, available, change }) =>
    make("Lack", { filter, what, needed, available, change }),
  );
}

function answer(wish: Wish, outcome: Outcome, lacks: PlacementResult["lacks"] = []): void {
  wish.resolve(make("PlacementResult", { taskId: wish.taskId, outcome, lacks }));
}
