import type { NodeInfo } from "../node-info.ts";
import type { Group, Picker, Strategy } from "./strategy.ts";

/**
 * Fills the fullest node that fits, by the resource it has least of, before it turns to the next.
 * Of nodes that are equally full, the one with more tasks comes first: empty nodes stay empty. Of
 * empty ones the one that takes most of the tasks: the fewer are needed.
 */
function open(nodes: readonly NodeInfo[], group: Group): Picker {
  const ranked = nodes
    .map((node, index) => ({
      node,
      index,
      failures: group.failures(node),
      utilization: node.utilization(),
      total: node.total,
      room: Math.min(group.roomOn(node), Number.MAX_SAFE_INTEGER),
    }))
    .sort(
      (a, b) =>
        a.failures - b.failures ||
        b.utilization - a.utilization ||
        b.total - a.total ||
        b.room - a.room ||
        a.index - b.index,
    );
  let at = 0;
  return {
    next: () => ranked[at]?.node,
    placed: (fits) => {
      if (!fits) at++;
    },
  };
}

/** Shares that differ by less are equal. */
const UTILIZATION_STEPS = 1e9;

/** The fullest node first: emptier ones become empty. */
function rank(node: NodeInfo): readonly number[] {
  return [-Math.round(node.utilization() * UTILIZATION_STEPS), -node.total];
}

/** Fills nodes one after the other, so that others stay empty. */
export const binpack: Strategy = { open, rank };
