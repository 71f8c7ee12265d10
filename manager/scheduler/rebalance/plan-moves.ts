import type { PlacementStrategy, Task } from "../../../proto/generated.ts";
import { NodeInfo } from "../node-info.ts";
import type { NodeSet } from "../node-set.ts";
import { Pipeline } from "../pipeline.ts";
import {
  compareInOrder,
  isBetter,
  Suitability,
  type Difference,
  type Rated,
} from "./suitability.ts";

/** A running task, and the node that suits its service better. */
export interface Move {
  readonly task: Task;
  readonly toNodeId: string;
}

export interface MoveOptions {
  /** Strategy of services that name none. */
  readonly defaultStrategy: PlacementStrategy;
  /** Moves planned at most. */
  readonly movesMax: number;
  /** Whether a node may be moved to, beyond what the filters say. */
  readonly mayTake: (info: NodeInfo) => boolean;
}

/** Tasks of one service that may be moved, all of one version, by id of their nodes. */
type Movable = Map<string, Task[]>;

/** Nodes looked at between two places where the caller may stop. */
const NODES_PER_STEP = 256;

/**
 * Plans which tasks should move where, so that services come to lie as their strategies would put
 * them now: each service in turn gives up the task that gains most, until none gains anything.
 * `nodes` is a picture of its own, which is changed by it. A task that moves takes up room on both
 * nodes: its successor starts first. Deterministic in its arguments; null is a step without a move.
 */
export function* planMoves(
  services: readonly (readonly Task[])[],
  nodes: NodeSet,
  options: MoveOptions,
): Iterable<Move | null> {
  const movables: Movable[] = [];
  for (const tasks of services) {
    if (tasks.length > 0) movables.push(byNode(tasks));
    yield null;
  }
  const held = new HeldNodes();
  let left = options.movesMax;
  for (let isDone = false; !isDone;) {
    isDone = true;
    for (const movable of movables) {
      if (left === 0) return;
      const move = yield* bestMove(movable, nodes, held, options);
      yield move ?? null;
      if (!move) continue;
      apply(move, movable, nodes, held);
      left--;
      isDone = false;
    }
  }
}

function byNode(tasks: readonly Task[]): Movable {
  const movable: Movable = new Map();
  for (const task of tasks) {
    const here = movable.get(task.nodeId);
    if (here) here.push(task);
    else movable.set(task.nodeId, [task]);
  }
  return movable;
}

/** The nodes as they are while tasks move, with the old task and the new one. */
class HeldNodes {
  readonly #infos = new Map<string, NodeInfo>();

  get(info: NodeInfo): NodeInfo {
    return this.#infos.get(info.id) ?? info;
  }

  /** Notes that a task goes from `from`, where it is still counted, to `toNodeId`. */
  move(task: Task, from: NodeInfo, toNodeId: string): void {
    if (!this.#infos.has(from.id)) {
      const copy = new NodeInfo(from.node, from.facts, from.use);
      for (const each of from.tasks) copy.add(each);
      this.#infos.set(from.id, copy);
    }
    this.#infos.get(toNodeId)?.add(task);
  }
}

function apply({ task, toNodeId }: Move, movable: Movable, nodes: NodeSet, held: HeldNodes): void {
  const from = nodes.get(task.nodeId);
  if (from) held.move(task, from, toNodeId);
  nodes.forget(task);
  nodes.putTask({ ...task, nodeId: toNodeId }, undefined);
  const rest = movable.get(task.nodeId)?.filter((other) => other !== task) ?? [];
  if (rest.length > 0) movable.set(task.nodeId, rest);
  else movable.delete(task.nodeId);
}

/** The move that gains the service most; undefined when none gains anything. */
function* bestMove(
  movable: Movable,
  nodes: NodeSet,
  held: HeldNodes,
  options: MoveOptions,
): Generator<null, Move | undefined> {
  const [sample] = movable.values().next().value ?? [];
  if (!sample) return undefined;
  const suitability = new Suitability(sample, nodes, options.defaultStrategy);
  const mayTake = targetCheck(sample, held, options);
  const targets = yield* bestOfEachLeaf(nodes, suitability, mayTake);
  let best: Move | undefined;
  let most: Difference = [];
  let seen = 0;
  for (const [nodeId, tasks] of movable) {
    if (++seen % NODES_PER_STEP === 0) yield null;
    const info = nodes.get(nodeId);
    const task = tasks.at(-1);
    if (!info || !task) continue;
    const from = suitability.rateWithout(info, task);
    for (const to of targets) {
      const difference = suitability.compare(from, to);
      if (to.info === info || !isBetter(difference)) continue;
      if (best && compareInOrder(difference, most) >= 0) continue;
      best = { task, toNodeId: to.info.id };
      most = difference;
    }
  }
  return best;
}

function targetCheck(sample: Task, held: HeldNodes, { mayTake }: MoveOptions) {
  const pipeline = new Pipeline(sample);
  return (info: NodeInfo): boolean =>
    mayTake(info) && pipeline.fits(info) && pipeline.hasRoom(held.get(info));
}

/** Of the nodes that may take a task, the best on each leaf of the preference tree. */
function* bestOfEachLeaf(
  nodes: NodeSet,
  suitability: Suitability,
  mayTake: (info: NodeInfo) => boolean,
): Generator<null, readonly Rated[]> {
  const leaves = new Map<string, Rated>();
  let seen = 0;
  for (const info of nodes.all()) {
    if (++seen % NODES_PER_STEP === 0) yield null;
    if (!mayTake(info)) continue;
    const rated = suitability.rate(info);
    const leaf = rated.branches.at(-1) ?? "";
    const best = leaves.get(leaf);
    if (!best || compareInOrder(rated.rank, best.rank) < 0) leaves.set(leaf, rated);
  }
  return [...leaves.values()];
}
