import type { Random } from "../../../lib/random.ts";
import type { NodeInfo } from "../node-info.ts";

/** What a strategy may know of the tasks it places. */
export interface Group {
  readonly serviceId: string;
  /** Recent failures of the group on a node, 0 unless there were many. */
  readonly failures: (node: NodeInfo) => number;
  /** How many more of these tasks a node has CPU and memory for. */
  readonly roomOn: (node: NodeInfo) => number;
  readonly random: Random;
}

/**
 * Picks nodes for equal tasks, one after the other. The caller takes the task in on the node
 * picked and then tells whether another one would still fit there.
 */
export interface Picker {
  /** The node for the next task; undefined when none is left. */
  next(): NodeInfo | undefined;
  /** The node last picked has one task more now. */
  placed(fits: boolean): void;
}

/** Puts nodes that fit in order for equal tasks. */
export type OpenPicker = (nodes: readonly NodeInfo[], group: Group) => Picker;

/** A placement strategy: where tasks go, and whether one that runs had better be elsewhere. */
export interface Strategy {
  readonly open: OpenPicker;
  /**
   * How well a node suits one more task of the service: the smaller, the better, the first number
   * counts most. Rebalancing moves a task when another node ranks better than its own would
   * without it; moves that a rank asks for, one after the other, come to an end.
   */
  readonly rank: (node: NodeInfo, serviceId: string) => readonly number[];
}
