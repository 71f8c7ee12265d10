import { MountType, type ContainerSpec, type Node, type Task } from "../../../proto/generated.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

function has(node: Node, type: string, name: string): boolean {
  return (node.description?.engine?.plugins ?? []).some(
    (plugin) => plugin.type === type && (plugin.name === name || plugin.name === `${name}:latest`),
  );
}

function volumeDrivers(container: ContainerSpec): readonly string[] {
  return container.mounts
    .filter((mount) => mount.type === MountType.VOLUME)
    .map((mount) => mount.volume?.driver?.name ?? "")
    .filter((name) => name !== "" && name !== "local");
}

/** Whether the node says which plugins of a type it has. */
function reports(node: Node, type: string): boolean {
  return (node.description?.engine?.plugins ?? []).some((plugin) => plugin.type === type);
}

/** What a task needs beyond what every node has. */
function driversOf(task: Task): { readonly volumes: readonly string[]; readonly log?: string } {
  if (task.spec?.runtime !== "container") return { volumes: [] };
  const volumes = volumeDrivers(task.spec.container);
  const log = task.logDriver?.name ?? "";
  return log === "" || log === "none" ? { volumes } : { volumes, log };
}

/** The volume and log drivers the task needs are there. */
export const pluginFilter: Filter = {
  name: "plugins",
  about: "node",
  prepare(task) {
    const { volumes, log } = driversOf(task);
    if (volumes.length === 0 && log === undefined) return undefined;
    return ({ node }) =>
      volumes.every((name) => has(node, "Volume", name)) &&
      (log === undefined || !reports(node, "Log") || has(node, "Log", log));
  },
  shortages(task, info) {
    const { volumes, log } = driversOf(task);
    const lacking = volumes.filter((name) => !has(info.node, "Volume", name));
    if (log !== undefined && reports(info.node, "Log") && !has(info.node, "Log", log))
      lacking.push(log);
    return lacking.map((needed) => {
      const change = `install plugin ${needed} on node ${nameOf(info)}`;
      return { what: "plugin", needed, available: "not installed", change, cost: 1 };
    });
  },
  explain: (count) => `missing plugin on ${nodes(count)}`,
};
