import { NodeAvailability, NodeState } from "../../../proto/generated.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

const WORDS: Readonly<Record<NodeAvailability, string>> = {
  [NodeAvailability.ACTIVE]: "active",
  [NodeAvailability.PAUSE]: "paused",
  [NodeAvailability.DRAIN]: "drained",
};

/** The node is up and open for new tasks. */
export const readyFilter: Filter = {
  name: "ready",
  about: "node",
  prepare: () => (info) =>
    info.node.status?.state === NodeState.READY &&
    info.node.spec?.availability === NodeAvailability.ACTIVE,
  shortages(_, info) {
    const isUp = info.node.status?.state === NodeState.READY;
    const availability = info.node.spec?.availability ?? NodeAvailability.ACTIVE;
    const isActive = availability === NodeAvailability.ACTIVE;
    if (isUp && isActive) return [];
    const state = isUp ? "ready" : "not ready";
    const change = isUp
      ? `activate node ${nameOf(info)} (swarm node update --availability active ${nameOf(info)})`
      : `bring node ${nameOf(info)} up`;
    const available = isActive ? state : `${state}, ${WORDS[availability]}`;
    return [{ what: "node", needed: "ready, active", available, change, cost: 1 }];
  },
  explain: (count) =>
    count === 1
      ? "1 node not available for new tasks"
      : `${nodes(count)} not available for new tasks`,
};
