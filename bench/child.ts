import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** How a program is started. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Network namespace to run in; null = this process's. @default null */
  readonly namespace?: string | null;
  /** Opens a channel for messages. @default false */
  readonly ipc?: boolean;
  /** Throws its messages away. @default false */
  readonly quiet?: boolean;
}

/** Starts a program whose errors are shown, and that never outlives this process by accident. */
export function start({
  command,
  args,
  namespace = null,
  ipc = false,
  quiet = false,
}: ChildOptions): ChildProcess {
  const inside = namespace === null ? [] : ["nsenter", `--net=/run/netns/${namespace}`];
  const [program, ...rest] = [...inside, command, ...args];
  const child = spawn(program as string, rest, {
    stdio: ["ignore", "ignore", quiet ? "ignore" : "inherit", ...(ipc ? (["ipc"] as const) : [])],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  return child;
}

/** Sends a signal and waits for the end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

/** Runs a program to its end. Rejects when it fails. */
export async function run(command: string, args: readonly string[]): Promise<void> {
  const child = start({ command, args });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}
