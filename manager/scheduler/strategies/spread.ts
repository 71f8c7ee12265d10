import type { NodeInfo } from "../node-info.ts";
import { IndexHeap } from "./heap.ts";
import type { Group, Picker } from "./strategy.ts";

/** Swarm mode's order: fewest failures, then fewest tasks of the service, then fewest tasks. */
export function spread(nodes: readonly NodeInfo[], group: Group): Picker {
  const failures = Int32Array.from(nodes, group.failures);
  const own = Int32Array.from(nodes, (node) => node.countOf(group.serviceId));
  const total = Int32Array.from(nodes, (node) => node.total);
  const before = (a: number, b: number): boolean => {
    const byFailures = (failures[a] as number) - (failures[b] as number);
    if (byFailures !== 0) return byFailures < 0;
    const byOwn = (own[a] as number) - (own[b] as number);
    if (byOwn !== 0) return byOwn < 0;
    const byTotal = (total[a] as number) - (total[b] as number);
    return byTotal !== 0 ? byTotal < 0 : a < b;
  };
  const heap = new IndexHeap(nodes.length, before);
  return {
    next: () => nodes[heap.peek()],
    placed: (fits) => {
      const picked = heap.peek();
      if (!fits) heap.pop();
      else {
        own[picked] = (own[picked] as number) + 1;
        total[picked] = (total[picked] as number) + 1;
        heap.settle();
      }
    },
  };
}
