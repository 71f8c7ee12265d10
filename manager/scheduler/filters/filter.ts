import type { Task } from "../../../proto/generated.ts";
import type { NodeInfo } from "../node-info.ts";

/** Whether a node may take one more task of a group. */
export type Check = (node: NodeInfo) => boolean;

/** One thing that a task wants of a node and does not get, for people. */
export interface Shortage {
  readonly what: string;
  readonly needed: string;
  readonly available: string;
  /** What would have to be done, as an order: `free 1GiB of memory on node n1`. */
  readonly change: string;
  /** How large that change is: 0 to 1 for an amount, by its share of what is needed; else 1 or 2. */
  readonly cost: number;
}

/** One reason why a node may not take a task. */
export interface Filter {
  readonly name: string;
  /**
   * What the filter looks at: the node itself, which stays as it is while tasks are placed, or
   * the room that is left on it.
   */
  readonly about: "node" | "room";
  /**
   * The check for tasks like `task`; undefined when the filter does not concern them. What can be
   * parsed or looked up once for the group is done here.
   */
  prepare(task: Task): Check | undefined;
  /** All that `node` lacks for `task` by this filter; empty exactly when the check passes. */
  shortages(task: Task, node: NodeInfo): readonly Shortage[];
  /** SwarmKit's words for `count` nodes refused by this filter. */
  explain(count: number): string;
}

/** What people call a node. */
export const nameOf = ({ id, node }: NodeInfo): string => node.description?.hostname || id;

/** `1 node`, `5 nodes`. */
export const nodes = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);
