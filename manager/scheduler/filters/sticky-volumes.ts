import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

/** Whether the volumes of a replica are on another node, which is still in the swarm. */
function isElsewhere(volumeNodeId: string, { id, facts }: NodeInfo): boolean {
  return volumeNodeId !== "" && volumeNodeId !== id && facts.isMember(volumeNodeId);
}

/** A replica whose volumes are on a node goes back to that node, until the node is removed. */
export const stickyVolumeFilter: Filter = {
  name: "sticky-volumes",
  about: "node",
  prepare({ volumeNodeId }) {
    return volumeNodeId === "" ? undefined : (info) => !isElsewhere(volumeNodeId, info);
  },
  shortages({ volumeNodeId }, info) {
    if (!isElsewhere(volumeNodeId, info)) return [];
    const change = `move the replica's volumes to node ${nameOf(info)}`;
    const available = "volumes on another node";
    return [{ what: "sticky volumes", needed: `node ${volumeNodeId}`, available, change, cost: 2 }];
  },
  explain: (count) => `volumes of the replica are not on ${nodes(count)}`,
};
