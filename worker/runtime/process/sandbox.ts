import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const UNSHARE = "/usr/bin/unshare";
const SETPRIV = "/usr/bin/setpriv";

/** Mounts, System V IPC and host name of a task's own: what it changes there, nobody else sees. */
const NAMESPACES = ["--mount", "--ipc", "--uts"] as const;

/** How a task's program is set apart from the host. */
export interface Sandbox {
  /** Program and arguments that lead to `command`, under another user where one is given. */
  wrap(
    command: readonly string[],
    identity: { readonly uid: number; readonly gid: number } | null,
  ): readonly string[];
}

const namespaces: Sandbox = {
  wrap(command, identity) {
    // The user is changed last: nobody else may make namespaces.
    const user = identity
      ? [SETPRIV, `--reuid=${identity.uid}`, `--regid=${identity.gid}`, "--clear-groups", "--"]
      : [];
    return [UNSHARE, ...NAMESPACES, "--", ...user, ...command];
  },
};

/**
 * The sandbox that this host allows: namespaces for root where the kernel and util-linux have them,
 * else null, and tasks are plain child processes. Both programs give way to the command by exec, so
 * that pid and process group are the command's own.
 */
export function openSandbox(): Sandbox | null {
  if (process.geteuid?.() !== 0 || !existsSync(UNSHARE) || !existsSync(SETPRIV)) return null;
  try {
    execFileSync(UNSHARE, [...NAMESPACES, "--", "/bin/true"], { stdio: "ignore" });
    return namespaces;
  } catch {
    // A container without the capability, say: then as without root.
    return null;
  }
}
