import type { Task } from "../../../proto/generated.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

/** The runtime a node must offer; undefined when any will do. */
export function runtimeOf(task: Task): string | undefined {
  const runtime = task.spec?.runtime;
  if (runtime === "container") return "docker";
  return runtime === "process" ? "process" : undefined;
}

/** The node offers the runtime that the task is written for. */
export const runtimeFilter: Filter = {
  name: "runtime",
  about: "node",
  prepare(task) {
    const needed = runtimeOf(task);
    if (needed === undefined) return undefined;
    return ({ node }) => node.description?.runtimes.includes(needed) ?? false;
  },
  shortages(task, info) {
    const needed = runtimeOf(task);
    const offered = info.node.description?.runtimes ?? [];
    if (needed === undefined || offered.includes(needed)) return [];
    const change = `make the runtime ${needed} available on node ${nameOf(info)}`;
    return [{ what: "runtime", needed, available: offered.join(", "), change, cost: 2 }];
  },
  explain: (count) => `runtime (Docker Engine, or process) missing on ${nodes(count)}`,
};
