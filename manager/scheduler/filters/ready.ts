import { NodeAvailability, NodeState } from "../../../proto/generated.ts";
import { nodes, type Filter } from "./filter.ts";

/** The node is up and open for new tasks. */
export const readyFilter: Filter = {
  name: "ready",
  about: "node",
  prepare: () => (info) =>
    info.node.status?.state === NodeState.READY &&
    info.node.spec?.availability === NodeAvailability.ACTIVE,
  explain: (count) =>
    count === 1
      ? "1 node not available for new tasks"
      : `${nodes(count)} not available for new tasks`,
};
