import type { NodeInfo } from "../node-info.ts";
import { Heap } from "./heap.ts";
import type { Group, Picker } from "./strategy.ts";

/** Swarm mode's order: fewest failures, then fewest tasks of the service, then fewest tasks. */
export function spread(nodes: readonly NodeInfo[], group: Group): Picker {
  const { serviceId, failures } = group;
  const order = new Map(nodes.map((node, index) => [node, { failures: failures(node), index }]));
  const before = (a: NodeInfo, b: NodeInfo): boolean => {
    const [left, right] = [order.get(a), order.get(b)];
    if (left && right && left.failures !== right.failures) return left.failures < right.failures;
    const service = a.countOf(serviceId) - b.countOf(serviceId);
    if (service !== 0) return service < 0;
    if (a.total !== b.total) return a.total < b.total;
    return (left?.index ?? 0) < (right?.index ?? 0);
  };
  const heap = new Heap(nodes, before);
  return {
    next: () => heap.peek(),
    placed: (fits) => void (fits ? heap.settle() : heap.pop()),
  };
}
