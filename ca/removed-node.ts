import { isSwarmError, SwarmError } from "../lib/errors.ts";

/** Key of `details` that tells this refusal from one that may pass. */
const REMOVED = "removed";

/** The refusal of a node whose certificate is good but which was removed from the cluster. */
export function removedNodeError(nodeId: string): SwarmError {
  const text =
    `node ${nodeId} was removed from the swarm: leave it ("swarm leave --force"), ` +
    "then join again if it is to come back";
  return new SwarmError("unauthenticated", text, { details: { [REMOVED]: nodeId } });
}

/** Whether a manager said that the calling node was removed for good. */
export function isRemovedNodeError(error: unknown): boolean {
  return isSwarmError(error, "unauthenticated") && error.details[REMOVED] !== undefined;
}
