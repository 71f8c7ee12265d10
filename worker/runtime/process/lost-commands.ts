import { processTree } from "./inside.ts";
import { isAlive, type MarkedProcess } from "./proc.ts";
import { signalGroup, signalProcess } from "./signals.ts";

/**
 * Kills the commands that an earlier swarmd ran inside tasks, with all that they have started: who
 * asked for them went with it. What such a command has set apart from itself on purpose stays.
 */
export function endLostCommands(marked: readonly MarkedProcess[]): void {
  for (const { pid, startTime, session, parent, isCommand } of marked) {
    // A command leads a session of its own; one of ours is our child.
    if (!isCommand || pid !== session || parent === process.pid) continue;
    if (!isAlive(pid, startTime)) continue;
    const below = processTree(pid);
    signalGroup(pid, "SIGKILL");
    for (const found of below) signalProcess(found.pid, "SIGKILL");
  }
}
