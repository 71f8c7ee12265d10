import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { SwarmError } from "../../../lib/errors.ts";
import { readStat } from "./proc.ts";
import { EXIT_UNKNOWN, writeRecord, type ProcessRecord } from "./process-record.ts";
import { programScript, REPORT_START, type CommandLine } from "./sandbox.ts";
import { signalGroup } from "./signals.ts";

/** How a task's first process is started. Holds plain data only: it may be sent to another thread. */
export interface LaunchRequest {
  readonly taskId: string;
  /** The boot of the machine. */
  readonly bootId: string;
  readonly line: CommandLine;
  /** Files that the task appends its output to; made if missing. */
  readonly stdout: string;
  readonly stderr: string;
  /** File, made anew, for what went wrong before the program ran, then its exit status, each a line. */
  readonly exit: string;
  /** File for the identity of the process. */
  readonly record: string;
}

/** A task's first process. */
export interface Launched {
  readonly record: ProcessRecord;
  /** Resolves when its program runs; never when that failed: then it ends. */
  readonly started: Promise<void>;
  /**
   * Resolves with its exit status, 128 + n when signal n ended it; with null when nobody will see its
   * end, which may come any time.
   */
  readonly ended: Promise<number | null>;
}

/** Starts the first processes of tasks. */
export interface Launcher {
  /**
   * Starts a command line in a session of its own, so that it outlives swarmd and can be signalled as
   * a group. Resolves once the process is there and its identity is on disk; nothing runs when it
   * throws. `unavailable` when the machine is out of processes or memory at the moment; only `aborted` leaves
   * open whether the process is there.
   */
  launch(request: LaunchRequest): Promise<Launched>;
  /** Hears of no process any more; they keep running. */
  close(): Promise<void>;
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

/** Starts processes from the thread that asks, which stands still meanwhile. */
export const directLauncher: Launcher = { launch, close: () => Promise.resolve() };

async function launch(request: LaunchRequest): Promise<Launched> {
  const child = await spawned(request);
  const pid = child.pid ?? 0;
  child.unref();
  const { taskId, bootId } = request;
  const record = { taskId, pid, startTime: readStat(pid)?.startTime ?? 0, bootId };
  try {
    writeRecord(request.record, record);
  } catch (error) {
    // Nobody would know of it: better no process than one that no later swarmd finds.
    signalGroup(pid, "SIGKILL");
    throw error;
  }
  const ready = child.stdio[4] as Readable;
  const started = new Promise<void>((resolve) => {
    ready.once("data", () => {
      resolve();
      ready.destroy();
    });
  });
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => {
      ready.destroy();
      resolve(signal ? 128 + constants.signals[signal] : (code ?? EXIT_UNKNOWN));
    });
  });
  // A spawn does not let the event loop turn: many in a row would keep it from everything else.
  await setImmediate();
  return { record, started, ended };
}

function spawned({ line, stdout, stderr, exit }: LaunchRequest): Promise<ChildProcess> {
  const [file = "", ...args] = line.argv;
  const files: number[] = [];
  try {
    for (const path of [stdout, stderr]) files.push(openSync(path, "a", 0o600));
    files.push(openSync(exit, "w", 0o600));
    const child = spawn(file, args, {
      cwd: "/",
      env: line.env,
      detached: true,
      stdio: ["ignore", ...files, "pipe"],
    });
    return new Promise((resolve, reject) => {
      child.once("spawn", () => resolve(child));
      child.once("error", (error: NodeJS.ErrnoException) => {
        const temporary = error.code === "EAGAIN" || error.code === "ENOMEM";
        const code = temporary ? "unavailable" : "failed-precondition";
        reject(new SwarmError(code, `starting the process failed: ${error.message}`));
      });
    });
  } finally {
    for (const open of files) closeSync(open);
  }
}
