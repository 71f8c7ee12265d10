import { spawn, type ChildProcess } from "node:child_process";
import { SwarmError } from "../../../lib/errors.ts";
import type { Sandbox } from "./sandbox.ts";

/** Everything needed to start a task's program. */
export interface Launch {
  readonly taskId: string;
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Null: the worker's own. */
  readonly identity: { readonly uid: number; readonly gid: number } | null;
}

/** Open files that the task writes to. */
export interface LaunchFiles {
  readonly stdout: number;
  readonly stderr: number;
  readonly exit: number;
}

/**
 * Stays with the task's program to the end and writes its exit status, one line, to descriptor 3:
 * so the status is known even when swarmd was away. It catches the signals meant for its group,
 * which its child meets with their defaults. What the shell itself would say of them ("Terminated")
 * does not belong to the task's output.
 */
const WRAPPER =
  "trap : 1 2 3 10 12 13 14 15; exec 4>&2 2>/dev/null; " +
  '(exec "$@" 2>&4 3>&- 4>&-); echo $? >&3';

/**
 * Starts the program under a shell in a session of its own, so that it outlives swarmd and can be
 * signalled as a group. Resolves once it runs. `unavailable` when the machine is out of processes
 * or memory for now.
 */
export function launch(
  request: Launch,
  files: LaunchFiles,
  sandbox: Sandbox | null,
): Promise<ChildProcess> {
  const command = ["/bin/sh", "-c", WRAPPER, "skep-task", request.file, ...request.args];
  const [file = "", ...args] = sandbox ? sandbox.wrap(command, request.identity) : command;
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: ["ignore", files.stdout, files.stderr, files.exit],
    ...(sandbox ? {} : request.identity),
  });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child));
    child.once("error", (error: NodeJS.ErrnoException) => {
      const temporary = error.code === "EAGAIN" || error.code === "ENOMEM";
      const code = temporary ? "unavailable" : "failed-precondition";
      reject(new SwarmError(code, `starting the process failed: ${error.message}`));
    });
  });
}
