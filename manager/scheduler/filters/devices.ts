import type { Task } from "../../../proto/generated.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

/** The devices a task asks for, by the names under which nodes report them. */
function devicesOf({ spec }: Task): readonly string[] {
  const asked =
    spec?.runtime === "container"
      ? spec.container.devices
      : spec?.runtime === "process"
        ? spec.process.devices
        : [];
  return asked.map((text) => (text.startsWith("/") ? (text.split(":")[0] ?? text) : text));
}

function missing(task: Task, { node }: NodeInfo): readonly string[] {
  const offered = new Set(node.description?.devices);
  return devicesOf(task).filter((device) => !offered.has(device));
}

/** The node reports every device that the task asks for. */
export const deviceFilter: Filter = {
  name: "devices",
  about: "node",
  prepare(task) {
    if (devicesOf(task).length === 0) return undefined;
    return (info) => missing(task, info).length === 0;
  },
  shortages(task, info) {
    return missing(task, info).map((needed) => {
      const change = `offer ${needed} on node ${nameOf(info)} (swarmd --device ${needed})`;
      return { what: "device", needed, available: "not offered", change, cost: 2 };
    });
  },
  explain: (count) => `missing device on ${nodes(count)}`,
};
