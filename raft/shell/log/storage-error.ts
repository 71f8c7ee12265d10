import { messageOf, SwarmError } from "../../../lib/errors.ts";

/** A failed write or read of the state directory, as the error that ends the member. */
export function storageError(what: string, directory: string, cause: unknown): SwarmError {
  const message = messageOf(cause);
  const full = /ENOSPC|EDQUOT|no space left|quota exceeded/i.test(message);
  return full
    ? new SwarmError(
        "exhausted",
        `${what} ${directory} failed because the disk is full: free some space and start swarmd again`,
        { cause },
      )
    : new SwarmError(
        "internal",
        `${what} ${directory} failed (${message}): check the disk, then start swarmd again`,
        { cause },
      );
}

/**
 * Refuses state that lost something it had promised. Such a member must not vote: it could help
 * to commit a second history.
 */
export function damaged(directory: string, finding: string, cause?: unknown): SwarmError {
  return new SwarmError(
    "internal",
    `the Raft state in ${directory} is damaged: ${finding}. Do not start this manager with it. ` +
      `If other managers are up, remove this one there (swarm node rm --force), delete its state ` +
      `directory and join it again; if it is the only one, restore a backup, or keep what is ` +
      `readable with "swarmd raft force-new-cluster"`,
    { details: { directory, finding }, cause },
  );
}
