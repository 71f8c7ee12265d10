import { chooseVolumes, clusterMounts, volumeRefusal } from "../cluster-mounts.ts";
import type { Mount, Task } from "../../../proto/generated.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter, type Shortage } from "./filter.ts";

/** For each cluster mount there is a volume that the node reaches and that others leave free. */
export const volumeFilter: Filter = {
  name: "volumes",
  about: "room",
  prepare(task) {
    if (clusterMounts(task).length === 0) return undefined;
    return (info) => chooseVolumes(task, info) !== undefined;
  },
  shortages(task, info) {
    if (chooseVolumes(task, info)) return [];
    const lacking = clusterMounts(task).flatMap((mount) => shortage(mount, info));
    return lacking.length > 0 ? lacking : [tooFew(task, info)];
  },
  explain: (count) => `cannot fulfill requested CSI volume mounts on ${nodes(count)}`,
};

function shortage({ source, readOnly }: Mount, info: NodeInfo): readonly Shortage[] {
  const refusals = [...info.facts.volumes(source)].map((volume) =>
    volumeRefusal(volume, readOnly, info),
  );
  if (refusals.includes("")) return [];
  const available = refusals[0] ?? "no such volume";
  const change = `make volume ${source} usable on node ${nameOf(info)}`;
  return [{ what: "volume", needed: source, available, change, cost: 2 }];
}

/** Each mount by itself finds a volume, but not all of them together. */
function tooFew(task: Task, info: NodeInfo): Shortage {
  const needed = clusterMounts(task)
    .map(({ source }) => source)
    .join(", ");
  const change = `add a volume for one of ${needed} on node ${nameOf(info)}`;
  return { what: "volumes", needed, available: "fewer than mounts", change, cost: 2 };
}
