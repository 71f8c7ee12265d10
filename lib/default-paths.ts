import path from "node:path";

/** Where a swarmd keeps its state and listens when nothing else is said. */
export interface DefaultPaths {
  /** State directory. */
  readonly stateDir: string;
  /** Unix socket of the HTTP API. */
  readonly socket: string;
}

/** Socket of a swarmd that runs as root. */
export const SYSTEM_SOCKET = "/run/swarm/swarm.sock";

/**
 * The paths of root, or those of a user's own swarmd (XDG Base Directory Specification), so that
 * both need no flag and do not meet.
 */
export function defaultPaths(user: {
  readonly uid: number;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): DefaultPaths {
  if (user.uid === 0) return { stateDir: "/var/lib/skep", socket: SYSTEM_SOCKET };
  const state = user.env["XDG_STATE_HOME"] || path.join(user.home, ".local", "state");
  const stateDir = path.join(state, "skep");
  const runtime = user.env["XDG_RUNTIME_DIR"];
  return {
    stateDir,
    socket: path.join(runtime ? path.join(runtime, "swarm") : stateDir, "swarm.sock"),
  };
}
