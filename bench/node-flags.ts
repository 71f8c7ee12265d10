import { spawn } from "node:child_process";
import { once } from "node:events";
import { SWARMD_NODE_FLAGS } from "../lib/node-flags.ts";

/** Whether this process runs with the flags of Node that swarmd runs with. */
export function hasSwarmdFlags(): boolean {
  return SWARMD_NODE_FLAGS.every((flag) => process.execArgv.includes(flag));
}

/** Runs this program once more, with the flags that swarmd runs with; resolves with its status. */
export async function runWithSwarmdFlags(): Promise<number> {
  const args = [...process.execArgv, ...SWARMD_NODE_FLAGS, ...process.argv.slice(1)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  // A terminal tells both; whoever sends a signal to this process alone means that one.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, pass);
  const [status] = (await once(child, "exit")) as [number | null];
  return status ?? 1;
}
