import type { Node, PlacementPreference } from "../../proto/generated.ts";
import type { NodeInfo } from "./node-info.ts";
import { IndexHeap } from "./strategies/heap.ts";
import type { Group, OpenPicker, Picker } from "./strategies/strategy.ts";

/** Reads the value of `node.labels.x` or `engine.labels.x`; empty when missing. */
export function labelReader(descriptor: string): (node: Node) => string {
  const [scope, , ...rest] = descriptor.split(".");
  const key = rest.join(".");
  if (scope?.toLowerCase() === "engine")
    return (node) => node.description?.engine?.labels[key] ?? "";
  return (node) => node.spec?.annotations?.labels[key] ?? "";
}

/**
 * Spreads a service's tasks evenly over the values of the first label, within each value over
 * those of the second, and so on; the strategy picks among the nodes of a leaf.
 */
export function withPreferences(
  preferences: readonly PlacementPreference[],
  open: OpenPicker,
  nodes: readonly NodeInfo[],
  group: Group,
): Picker {
  const [first, ...rest] = preferences;
  if (!first) return open(nodes, group);
  const labelOf = labelReader(first.spreadDescriptor);
  const values = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    const value = labelOf(info.node);
    const members = values.get(value);
    if (members) members.push(info);
    else values.set(value, [info]);
  }
  const members = [...values.values()];
  const pickers = members.map((each) => withPreferences(rest, open, each, group));
  const tasks = Int32Array.from(members, (each) =>
    each.reduce((sum, node) => sum + node.countOf(group.serviceId), 0),
  );
  return evenly(pickers, tasks);
}

/** Picks from the branch that has fewest tasks and a node left. */
function evenly(pickers: readonly Picker[], tasks: Int32Array): Picker {
  const heap = new IndexHeap(pickers.length, (a, b) => {
    const difference = (tasks[a] as number) - (tasks[b] as number);
    return difference !== 0 ? difference < 0 : a < b;
  });
  return {
    next: () => {
      for (let branch = heap.peek(); branch >= 0; branch = heap.peek()) {
        const node = pickers[branch]?.next();
        if (node) return node;
        heap.pop();
      }
      return undefined;
    },
    placed: (fits) => {
      const branch = heap.peek();
      tasks[branch] = (tasks[branch] ?? 0) + 1;
      pickers[branch]?.placed(fits);
      heap.settle();
    },
  };
}
