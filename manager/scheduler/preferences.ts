import type { Node, PlacementPreference } from "../../proto/generated.ts";
import type { NodeInfo } from "./node-info.ts";
import { Heap } from "./strategies/heap.ts";
import type { Group, Picker, Strategy } from "./strategies/strategy.ts";

/** A branch of the preference tree: the nodes that share one label value, and their tasks. */
interface Branch {
  readonly picker: Picker;
  readonly order: number;
  tasks: number;
}

/** Value of `node.labels.x` or `engine.labels.x`; empty when missing. */
function labelOf(node: Node, descriptor: string): string {
  const [scope, , ...rest] = descriptor.split(".");
  const key = rest.join(".");
  const labels =
    scope?.toLowerCase() === "engine"
      ? node.description?.engine?.labels
      : node.spec?.annotations?.labels;
  return labels?.[key] ?? "";
}

/**
 * Spreads a service's tasks evenly over the values of the first label, within each value over
 * those of the second, and so on; the strategy picks among the nodes of a leaf.
 */
export function withPreferences(
  preferences: readonly PlacementPreference[],
  strategy: Strategy,
  nodes: readonly NodeInfo[],
  group: Group,
): Picker {
  const [first, ...rest] = preferences;
  if (!first) return strategy(nodes, group);
  const values = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const value = labelOf(node.node, first.spreadDescriptor);
    const members = values.get(value);
    if (members) members.push(node);
    else values.set(value, [node]);
  }
  const branches: Branch[] = [...values.values()].map((members, order) => ({
    picker: withPreferences(rest, strategy, members, group),
    order,
    tasks: members.reduce((sum, node) => sum + node.countOf(group.serviceId), 0),
  }));
  const before = (a: Branch, b: Branch): boolean =>
    a.tasks !== b.tasks ? a.tasks < b.tasks : a.order < b.order;
  const heap = new Heap(branches, before);
  return {
    next: () => {
      for (let branch = heap.peek(); branch; branch = heap.peek()) {
        const node = branch.picker.next();
        if (node) return node;
        heap.pop();
      }
      return undefined;
    },
    placed: (fits) => {
      const branch = heap.peek();
      if (!branch) return;
      branch.tasks++;
      branch.picker.placed(fits);
      heap.settle();
    },
  };
}
