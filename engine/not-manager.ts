import { RequestError } from "./request-error.ts";
import type { LocalNodeState, LocalState } from "./swarm-node.ts";

/** What a locked manager answers until it has its key. */
export const LOCKED_TEXT =
  "Swarm is encrypted and needs to be unlocked before it can be used. " +
  `Please use "docker swarm unlock" to unlock it.`;

const INACTIVE_TEXT =
  `This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" ` +
  "to connect this node to swarm and try again.";

const WORKER_TEXT =
  "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
  "Please run this command on a manager node or promote the current node to a manager.";

/** While the node joins, or takes up its membership after a start: as yet it may be either. */
const PENDING_TEXT =
  "This node is not a swarm manager. It is starting, or joining a swarm, right now: try again in a " +
  "moment.";

const TEXTS: Readonly<Record<LocalNodeState, string>> = {
  inactive: INACTIVE_TEXT,
  pending: PENDING_TEXT,
  active: WORKER_TEXT,
  error: WORKER_TEXT,
  locked: LOCKED_TEXT,
};

/** Docker's 503 for a request that only a manager can answer; clients match the text. */
export function notManager({ state }: LocalState): RequestError {
  return new RequestError(503, TEXTS[state]);
}
