import type { NodeInfo } from "../node-info.ts";
import { IndexHeap } from "./heap.ts";
import type { Group, Picker, Strategy } from "./strategy.ts";

/** Swarm mode's order: fewest failures, then fewest tasks of the service, then fewest tasks. */
function open(nodes: readonly NodeInfo[], group: Group): Picker {
  const failures = new Int32Array(nodes.length);
  const own = new Int32Array(nodes.length);
  const total = new Int32Array(nodes.length);
  // Once for every group and node: filling arrays by callback takes several times as long.
  for (const [index, node] of nodes.entries()) {
    failures[index] = group.failures(node);
    own[index] = node.countOf(group.serviceId);
    total[index] = node.total;
  }
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

/** The same order; failures are no reason to move what runs. */
function rank(node: NodeInfo, serviceId: string): readonly number[] {
  return [node.countOf(serviceId), node.total];
}

/** Evens out, as swarm mode does; the default. */
export const spread: Strategy = { open, rank };
