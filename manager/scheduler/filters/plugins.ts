import { MountType, type ContainerSpec, type Node, type Task } from "../../../proto/generated.ts";
import type { NodeInfo } from "../node-info.ts";
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

/** Drivers of networks that every engine has, or that the agents see to themselves. */
const OWN_NETWORK_DRIVERS = new Set(["", "overlay", "bridge", "host", "null", "macvlan", "ipvlan"]);

/** A plugin that a task needs and a node may not have. */
interface Plugin {
  readonly type: string;
  readonly name: string;
}

/** The plugins that are the same for every node. */
function pluginsOf(task: Task): readonly Plugin[] {
  if (task.spec?.runtime !== "container") return [];
  const volumes = volumeDrivers(task.spec.container).map((name) => ({ type: "Volume", name }));
  const log = task.logDriver?.name ?? "";
  return log === "" || log === "none" ? volumes : [...volumes, { type: "Log", name: log }];
}

function networkPlugins(networkIds: readonly string[], { facts }: NodeInfo): readonly Plugin[] {
  return networkIds
    .map((id) => facts.networkDriver(id))
    .filter((name) => !OWN_NETWORK_DRIVERS.has(name))
    .map((name) => ({ type: "Network", name }));
}

/** Log drivers are believed to be there on nodes that do not speak of them. */
function isThere(node: Node, { type, name }: Plugin): boolean {
  return (type === "Log" && !reports(node, type)) || has(node, type, name);
}

const networksOf = ({ spec }: Task): readonly string[] =>
  spec?.networks.map(({ target }) => target) ?? [];

/** The volume, network and log drivers the task needs are there. */
export const pluginFilter: Filter = {
  name: "plugins",
  about: "node",
  prepare(task) {
    const plugins = pluginsOf(task);
    const networks = networksOf(task);
    if (plugins.length === 0 && networks.length === 0) return undefined;
    return (info) =>
      plugins.every((plugin) => isThere(info.node, plugin)) &&
      (networks.length === 0 ||
        networkPlugins(networks, info).every((plugin) => isThere(info.node, plugin)));
  },
  shortages(task, info) {
    const needed = [...pluginsOf(task), ...networkPlugins(networksOf(task), info)];
    return needed
      .filter((plugin) => !isThere(info.node, plugin))
      .map(({ name }) => {
        const change = `install plugin ${name} on node ${nameOf(info)}`;
        return { what: "plugin", needed: name, available: "not installed", change, cost: 1 };
      });
  },
  explain: (count) => `missing plugin on ${nodes(count)}`,
};
