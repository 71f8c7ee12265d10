import { managerMutant, type Mutant } from "./mutant.ts";

const MOVE: readonly Mutant[] = [
  managerMutant(
    ["budget-unlimited", "more tasks are moved in one go than the budget allows"],
    ["scheduler/rebalance/rebalancer.ts", "movesMax: movesMax - used,", "movesMax: 1_000,"],
  ),
  managerMutant(
    ["moved-to-the-cold", "tasks are moved to nodes that have just come up"],
    [
      "scheduler/rebalance/rebalancer.ts",
      "=> warmAt(node, warmUpMs) <= now,",
      "=> warmAt(node, 0) <= now,",
    ],
  ),
  managerMutant(
    ["move-stops-first", "a task that is moved is ended before its successor runs"],
    [
      "orchestrator/plan-moves.ts",
      "if (stateOf(successor) >= TaskState.RUNNING) return true;",
      "if (stateOf(successor) >= TaskState.ASSIGNED) draft.end(slot, task, TaskState.SHUTDOWN);\n" +
        "  if (stateOf(successor) >= TaskState.ASSIGNED) return true;",
    ],
  ),
];

const ASKED: readonly Mutant[] = [
  managerMutant(
    ["moved-all-at-once", "moves do not keep to the service's parallelism"],
    ["orchestrator/plan-moves.ts", "    else if (free > 0 &&", "    else if (free > -99 &&"],
  ),
  managerMutant(
    ["moved-anywhere", "the successor of a task that is moved may go to any node"],
    [
      "orchestrator/plan-moves.ts",
      "newTask(ctx, { slot: slot.slot, nodeId }, goalOf(ctx), origin)",
      'newTask(ctx, { slot: slot.slot, nodeId: nodeId && "" }, goalOf(ctx), origin)',
    ],
  ),
];

const REMOVAL: readonly Mutant[] = [
  managerMutant(
    ["orphans-forgotten", "a node goes, and its tasks stay as they were"],
    [
      "control/node-removal.ts",
      'for (const task of tasks) tx.update("task", orphaned(task, nowMs));',
      'for (const task of tasks.slice(1)) tx.update("task", orphaned(task, nowMs));',
    ],
  ),
  managerMutant(
    ["removed-node-served", "a node that was removed keeps its session"],
    [
      "dispatcher/dispatcher.ts",
      "          this.#sessions.end(event.object.id, reason);",
      "          if (this.#stopped) this.#sessions.end(event.object.id, reason);",
    ],
  ),
];

const OUTSIDE: readonly Mutant[] = [
  managerMutant(
    ["placed-for-others", "tasks that are left to another scheduler are placed all the same"],
    [
      "scheduler/placer.ts",
      'else if (schedulerOf(task) === "") this.#backlog.put(task);',
      'else if (schedulerOf(task) !== "none") this.#backlog.put(task);',
    ],
  ),
  managerMutant(
    ["offers-forget", "a task that comes to wait later is not offered"],
    [
      "scheduler/external/offers.ts",
      "if (schedulerOf(object) === this.#scheduler) this.#dirtyTasks.add(object.id);\n    if (object.nodeId",
      "if (object.nodeId",
    ],
  ),
  managerMutant(
    ["placed-they-say", "a placement is answered before it is in the store"],
    [
      "scheduler/external/placement-desk.ts",
      "else this.#writing.set(task.id, wish);",
      "else answer(wish, Outcome.PLACED);",
    ],
  ),
  managerMutant(
    ["unchecked-placement", "placements of others are not checked"],
    [
      "scheduler/placer.ts",
      "if (pipeline.fits(info)) {\n      return this.#decided",
      "if (info) {\n      return this.#decided",
    ],
  ),
];

/** Bugs in moves of running tasks, in the removal of nodes, and beside other schedulers. */
export const MOVE_MUTANTS: readonly Mutant[] = [
  // Where little fails there is more to even out.
  ...MOVE.map((mutant) => ({ ...mutant, plan: { moves: "automatic", gapMs: 20_000 } as const })),
  ...ASKED.map((mutant) => ({ ...mutant, plan: { moves: "asked", gapMs: 20_000 } as const })),
  ...REMOVAL.map((mutant) => ({ ...mutant, plan: { removals: true, workers: 5 } })),
  ...OUTSIDE.map((mutant) => ({ ...mutant, plan: { outside: true } })),
];
