import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sleep, type Clock } from "../../lib/clock.ts";
import { SwarmError, messageOf } from "../../lib/errors.ts";
import { SWARMD_NODE_FLAGS } from "../../lib/node-flags.ts";
import { packageRoot } from "../../lib/package-root.ts";
import type { Endpoint } from "../api/endpoint.ts";

/** How long a new swarmd may take to answer on its socket, on a machine that has much else to do. */
const START_DEADLINE_MS = 60_000;
const POLL_PERIOD_MS = 50;
/** How long one that must go may take before this command stops waiting for it. */
const STOP_DEADLINE_MS = 10_000;
/** How much of the log a failure shows. */
const LOG_TAIL_LINES = 10;
/** Longest path of a unix socket that Linux takes. */
const SOCKET_PATH_BYTES_MAX = 107;

/** What the new swarmd is told. */
export interface DaemonOptions {
  readonly endpoint: Extract<Endpoint, { kind: "unix" }>;
  readonly stateDir: string;
  /** Further flags of swarmd, as they are. */
  readonly flags: readonly string[];
}

/** A swarmd started by this command. It outlives the command unless stopped. */
export interface StartedDaemon {
  readonly pid: number;
  readonly logFile: string;
  /**
   * Ends it again (SIGTERM) and waits until it has gone, within a bound. Resolves with the end of
   * its log when it failed, by then or before; else with an empty text.
   */
  stop(): Promise<string>;
}

/** Starts a swarmd in the background; resolves when `isUp` says that it answers. */
export type DaemonStarter = (
  options: DaemonOptions,
  isUp: () => Promise<boolean>,
  signal: AbortSignal,
) => Promise<StartedDaemon>;

/** How to run the swarmd that came with this command, compiled or not: program and arguments. */
export const SWARMD: readonly string[] = [
  process.execPath,
  ...process.execArgv,
  ...SWARMD_NODE_FLAGS,
  join(
    packageRoot(import.meta.dirname),
    import.meta.filename.endsWith(".ts") ? "node/main.ts" : "dist/node/main.js",
  ),
];

/** The starter of production: `program`, detached, its log in the state directory. */
export function daemonStarter(program: readonly string[], clock: Clock): DaemonStarter {
  return async (options, isUp, signal) => {
    const logFile = join(options.stateDir, "swarmd.log");
    await prepare(options);
    const child = await spawnDaemon(program, options, logFile);
    const daemon = startedDaemon(child, logFile, clock);
    try {
      await waitUntilUp(child, { logFile, isUp, clock }, signal);
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    child.unref();
    return daemon;
  };
}

async function prepare({ endpoint, stateDir }: DaemonOptions): Promise<void> {
  if (Buffer.byteLength(endpoint.path) > SOCKET_PATH_BYTES_MAX)
    throw new SwarmError(
      "invalid",
      `the socket path ${endpoint.path} is longer than the ${SOCKET_PATH_BYTES_MAX} bytes that ` +
        "Linux allows. Choose a shorter one with --state-dir or -H",
    );
  await makeDirectory(stateDir, 0o700);
  await makeDirectory(dirname(endpoint.path), 0o755);
}

async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (cause) {
    throw new SwarmError(
      "denied",
      `cannot create ${path}: ${reason(cause)}. Run as root, or keep everything in a directory ` +
        "of your own, for example: --state-dir ~/.swarm",
      { cause },
    );
  }
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "ENOTDIR" || code === "EEXIST") return "a file is in the way";
  return messageOf(error);
}

async function spawnDaemon(
  [file = "", ...first]: readonly string[],
  options: DaemonOptions,
  logFile: string,
): Promise<ChildProcess> {
  const log = await open(logFile, "a", 0o600).catch((cause: unknown) => {
    throw new SwarmError(
      "denied",
      `cannot write ${logFile}: ${reason(cause)}. Run as the user that owns the directory, or ` +
        "choose another with --state-dir",
      { cause },
    );
  });
  const args = [
    ...first,
    "--state-dir",
    options.stateDir,
    "--host",
    options.endpoint.url,
    ...options.flags,
  ];
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    cwd: "/",
  });
  // A failed spawn shows as an exit in waitUntilUp; without a listener it would end this process.
  child.on("error", () => {});
  await log.close();
  return child;
}

interface Waiting {
  readonly logFile: string;
  readonly isUp: () => Promise<boolean>;
  readonly clock: Clock;
}

async function waitUntilUp(
  child: ChildProcess,
  { logFile, isUp, clock }: Waiting,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.monotonic() + START_DEADLINE_MS;
  while (!(await isUp())) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new SwarmError("unavailable", `swarmd did not start.${await logTail(logFile)}`);
    if (clock.monotonic() > deadline)
      throw new SwarmError(
        "deadline",
        `swarmd did not answer within ${START_DEADLINE_MS / 1000} s and is stopped again. Is the ` +
          `machine overloaded? Try again.${await logTail(logFile)}`,
      );
    await sleep(clock, POLL_PERIOD_MS, signal);
  }
}

async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-LOG_TAIL_LINES);
  if (lines.join("") === "") return ` Its log ${logFile} is empty`;
  return ` The end of its log ${logFile}:\n  ${lines.join("\n  ")}`;
}

function startedDaemon(child: ChildProcess, logFile: string, clock: Clock): StartedDaemon {
  return {
    pid: child.pid ?? 0,
    logFile,
    stop: async () => {
      await ended(child, clock);
      return child.exitCode ? logTail(logFile) : "";
    },
  };
}

function ended(child: ChildProcess, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const cancel = clock.after(STOP_DEADLINE_MS, resolve);
    child.once("exit", () => {
      cancel();
      resolve();
    });
    child.kill("SIGTERM");
  });
}
