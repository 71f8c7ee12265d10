import { isErrnoException } from "../../../lib/errno.ts";
import { readStat } from "./proc.ts";

/** Sends a signal, or asks with 0; false when nobody is there, or nobody who is ours. */
function send(to: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(to, signal);
    return true;
  } catch (error) {
    if (isErrnoException(error, "ESRCH", "EPERM")) return false;
    throw error;
  }
}

/** Signals one process (0 only asks); false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  return send(pid, signal);
}

/** Sends a signal to a process group; false when none of it is left, or none of it is ours. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return send(-group, signal);
}

/**
 * Kills what is left of the group that a process of that identity led. A number that was used again
 * for another process is not touched; while any of a group lives, the kernel gives its number to nobody.
 */
export function killGroup(leader: { readonly pid: number; readonly startTime: number }): void {
  const stat = readStat(leader.pid);
  if (stat === null || stat.startTime === leader.startTime) signalGroup(leader.pid, "SIGKILL");
}
