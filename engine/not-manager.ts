import { RequestError } from "./request-error.ts";
import type { LocalState } from "./swarm-node.ts";

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

/** Docker's 503 for a request that only a manager can answer; clients match the text. */
export function notManager({ state }: LocalState): RequestError {
  if (state === "locked") return new RequestError(503, LOCKED_TEXT);
  return new RequestError(503, state === "inactive" ? INACTIVE_TEXT : WORKER_TEXT);
}
