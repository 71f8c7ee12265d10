import type { Task } from "../../../proto/generated.ts";
import type { NodeInfo } from "../node-info.ts";

/** Whether a node may take one more task of a group. */
export type Check = (node: NodeInfo) => boolean;

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
  /** SwarmKit's words for `count` nodes refused by this filter. */
  explain(count: number): string;
}

/** `1 node`, `5 nodes`. */
export const nodes = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);
