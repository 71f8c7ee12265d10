import { isSwarmError } from "../lib/errors.ts";

/** The manager's state needs the cluster's unlock key, or another than the one given. */
export const isLocked = (error: unknown): boolean =>
  isSwarmError(error, "unauthenticated") ||
  (isSwarmError(error, "failed-precondition") && error.details["locked"] !== undefined);

/** What a locked manager's state says. */
export const LOCKED_TEXT =
  "Swarm is encrypted and needs to be unlocked before it can be used. " +
  'Please use "docker swarm unlock" to unlock it.';

/** What a manager's state says while no leader is known to it. */
export const NO_LEADER_TEXT =
  "The swarm does not have a leader. It's possible that too few managers are online. " +
  "Make sure more than half of the managers are online.";
