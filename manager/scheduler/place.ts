import type { Random } from "../../lib/random.ts";
import { PlacementStrategy, type GenericResource, type Task } from "../../proto/generated.ts";
import { claimGeneric } from "./generic-resources.ts";
import { groupKey, type NodeInfo, type NodeSet } from "./node-info.ts";
import { Pipeline } from "./pipeline.ts";
import { withPreferences } from "./preferences.ts";
import { STRATEGIES } from "./strategies/index.ts";

/** A task and the node it is to run on. */
export interface Placement {
  readonly task: Task;
  readonly nodeId: string;
  readonly genericResources: readonly GenericResource[];
}

/** What became of a group of equal tasks. */
export interface Placed {
  readonly placements: readonly Placement[];
  /** Tasks for which no node was left. */
  readonly waiting: readonly Task[];
  /** Why they wait; empty when none does. */
  readonly explanation: string;
}

export interface PlaceOptions {
  /** Strategy of services that name none. */
  readonly defaultStrategy: PlacementStrategy;
  readonly nowMs: number;
  readonly random: Random;
}

function strategyOf(task: Task, fallback: PlacementStrategy) {
  const own = task.spec?.placement?.strategy ?? PlacementStrategy.DEFAULT;
  return STRATEGIES[own === PlacementStrategy.DEFAULT ? fallback : own];
}

/** Takes `task` in on `info` and says what was decided. */
function assign(task: Task, info: NodeInfo): Placement {
  const genericResources = claimGeneric(task, info);
  info.put({ ...task, nodeId: info.id, assignedGenericResources: genericResources });
  return { task, nodeId: info.id, genericResources };
}

/**
 * Finds nodes for tasks that are all alike: one service, one version. Every placement is taken
 * into `nodes` at once, so that the next one sees it. Deterministic in its arguments.
 */
export function placeGroup(tasks: readonly Task[], nodes: NodeSet, options: PlaceOptions): Placed {
  const [sample] = tasks;
  if (!sample) return { placements: [], waiting: [], explanation: "" };
  const pipeline = new Pipeline(sample);
  const fitting: NodeInfo[] = [];
  for (const info of nodes.all()) if (pipeline.fits(info)) fitting.push(info);
  const key = groupKey(sample);
  const picker = withPreferences(
    sample.spec?.placement?.preferences ?? [],
    strategyOf(sample, options.defaultStrategy),
    fitting,
    {
      serviceId: sample.serviceId,
      failures: (node) => node.failuresOf(key, options.nowMs),
      random: options.random,
    },
  );
  const placements: Placement[] = [];
  for (const task of tasks) {
    const info = picker.next();
    if (!info) break;
    placements.push(assign(task, info));
    picker.placed(pipeline.fits(info));
  }
  const waiting = tasks.slice(placements.length);
  if (waiting.length > 0) pipeline.count(nodes.all());
  const explanation = waiting.length > 0 ? pipeline.explain() : "";
  return { placements, waiting, explanation };
}

/** Checks a task whose node is given (global services): its placement, or why it must wait. */
export function placeOnNode(task: Task, nodes: NodeSet): Placement | { readonly err: string } {
  const info = nodes.get(task.nodeId);
  if (!info) return { err: "no suitable node" };
  // The task itself is already counted on its node.
  info.remove(task.id);
  const pipeline = new Pipeline(task);
  if (pipeline.fits(info)) return assign(task, info);
  info.put(task);
  pipeline.count([info]);
  return { err: pipeline.explain() };
}
