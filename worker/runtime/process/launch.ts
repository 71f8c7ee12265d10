import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { SwarmError } from "../../../lib/errors.ts";
import { programScript, REPORT_START, type CommandLine } from "./sandbox.ts";

/** Open files that the task writes to. */
export interface LaunchFiles {
  readonly stdout: number;
  readonly stderr: number;
  /** Gets what went wrong before the program ran, then its exit status, each a line. */
  readonly exit: number;
}

/**
 * Without a sandbox: stays with the task's program to the end and writes its exit status to
 * descriptor 3, so that it is known even when swarmd was away. It catches the signals meant for its
 * group, which its child meets with their defaults. What the shell itself would say of them
 * ("Terminated") does not belong to the task's output.
 */
const WRAPPER = [
  "trap : 1 2 3 10 12 13 14 15",
  "exec 5>&2 2>/dev/null",
  `(exec 2>&3\n${programScript([], REPORT_START)})`,
  'code=$?; echo "$code" >&3; exit "$code"',
].join("\n");

/** A program as a plain child process. */
export interface PlainProgram {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Options of prlimit. */
  readonly ulimits: readonly string[];
}

/** Starts a program without a sandbox, as the user that swarmd runs as. */
export function plainStart(
  { command, env, cwd, ulimits }: PlainProgram,
  marks: Readonly<Record<string, string>>,
): CommandLine {
  const limits = ulimits.length > 0 ? ["/usr/bin/prlimit", ...ulimits, "--"] : [];
  const argv = [...limits, "/bin/sh", "-c", WRAPPER, "skep-task", cwd, ...command];
  return { argv, env: { ...env, ...marks } };
}

/** Runs another program as the task's own is run. */
export function plainEnter({ command, env, cwd }: Omit<PlainProgram, "ulimits">): CommandLine {
  const script = programScript([], 'exec "$@"');
  return { argv: ["/bin/sh", "-c", script, "skep-enter", cwd, ...command], env };
}

/** A task's first process, and when its program runs. */
export interface Launched {
  readonly child: ChildProcess;
  /** Resolves when the program runs, or never will: its exit status tells. */
  readonly settled: Promise<void>;
}

/**
 * Starts a command line in a session of its own, so that it outlives swarmd and can be signalled as
 * a group. Resolves once the process is there. `unavailable` when the machine is out of processes or
 * memory for now.
 */
export function launch({ argv, env }: CommandLine, files: LaunchFiles): Promise<Launched> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    cwd: "/",
    env,
    detached: true,
    stdio: ["ignore", files.stdout, files.stderr, files.exit, "pipe"],
  });
  const ready = child.stdio[4] as Readable;
  const settled = Promise.race([once(ready, "data"), once(child, "exit")]).then(() => {
    ready.destroy();
  });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve({ child, settled }));
    child.once("error", (error: NodeJS.ErrnoException) => {
      const temporary = error.code === "EAGAIN" || error.code === "ENOMEM";
      const code = temporary ? "unavailable" : "failed-precondition";
      reject(new SwarmError(code, `starting the process failed: ${error.message}`));
    });
  });
}
