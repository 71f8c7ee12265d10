import { MountType, type ContainerSpec, type Node } from "../../../proto/generated.ts";
import { nodes, type Filter } from "./filter.ts";

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

/** The volume and log drivers the task needs are there. */
export const pluginFilter: Filter = {
  name: "plugins",
  about: "node",
  prepare(task) {
    const volumes = task.spec?.runtime === "container" ? volumeDrivers(task.spec.container) : [];
    const log = task.logDriver?.name ?? "";
    const needsLog = log !== "" && log !== "none" && task.spec?.runtime === "container";
    if (volumes.length === 0 && !needsLog) return undefined;
    return ({ node }) => {
      if (!volumes.every((name) => has(node, "Volume", name))) return false;
      const reports = node.description?.engine?.plugins.some((plugin) => plugin.type === "Log");
      return !needsLog || !reports || has(node, "Log", log);
    };
  },
  explain: (count) => `missing plugin on ${nodes(count)}`,
};
