import { nameOf, nodes, type Filter } from "./filter.ts";

/** A replica whose volumes are on a node goes back to that node. */
export const stickyVolumeFilter: Filter = {
  name: "sticky-volumes",
  about: "node",
  prepare({ volumeNodeId }) {
    return volumeNodeId === "" ? undefined : ({ id }) => id === volumeNodeId;
  },
  shortages({ volumeNodeId }, info) {
    if (volumeNodeId === "" || info.id === volumeNodeId) return [];
    const change = `move the replica's volumes to node ${nameOf(info)}`;
    const available = "volumes on another node";
    return [{ what: "sticky volumes", needed: `node ${volumeNodeId}`, available, change, cost: 2 }];
  },
  explain: (count) => `volumes of the replica are not on ${nodes(count)}`,
};
