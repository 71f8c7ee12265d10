import { resolve, join } from "node:path";
import { isSwarmError } from "../../lib/errors.ts";
import { parseEndpoint, type Endpoint } from "../api/endpoint.ts";
import type { Engine } from "../api/engine.ts";
import { defaultHost, givenHost, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { textFlag, choiceFlag } from "../flags/option.ts";
import type { StartedDaemon } from "./start.ts";

/** Flags of `init` and `join` that only matter when they start swarmd. */
export interface DaemonFlags {
  readonly stateDir?: string;
  readonly runtime?: string;
  readonly hostname?: string;
}

/** Adds {@link DaemonFlags}. */
export function addDaemonFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(textFlag("state-dir", "State directory of the swarmd to start"))
    .addOption(
      choiceFlag("runtime", "What the swarmd to start runs tasks with (auto, docker, process)", [
        "auto",
        "docker",
        "process",
      ]),
    )
    .addOption(
      textFlag("hostname", "Name of the node for the swarmd to start (default the host's name)"),
    ) as SwarmCommand;
}

/** A client whose engine answers, and the swarmd that had to be started for it, if any. */
export interface Ready {
  readonly engine: Engine;
  readonly started: StartedDaemon | undefined;
}

/**
 * Connects to the command's engine, starting a swarmd in the background when nothing answers on
 * its unix socket. Says what was started and how to stop it.
 */
export async function ensureDaemon(
  command: SwarmCommand,
  flags: DaemonFlags,
  context: Context,
): Promise<Ready> {
  const endpoint = endpointFor(command, flags, context);
  const engine = await context.connect(endpoint, context.signal);
  const unreachable = await engine.ping().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (unreachable === undefined) return { engine, started: undefined };
  if (!isAbsent(unreachable) || endpoint.kind !== "unix") throw unreachable;
  const isUp = (): Promise<boolean> =>
    engine.ping().then(
      () => true,
      () => false,
    );
  const stateDir = resolve(flags.stateDir ?? context.paths.stateDir);
  const started = await context.daemon(
    { endpoint, stateDir, flags: daemonArguments(flags) },
    isUp,
    context.signal,
  );
  context.err.write(
    `Started swarmd in the background: pid ${started.pid}, log ${started.logFile}.\n` +
      `Stop it with: kill ${started.pid}\n`,
  );
  if (endpoint.url !== defaultHost(context) && context.env["SWARM_HOST"] !== endpoint.url)
    context.err.write(`Reach it with: export SWARM_HOST=${endpoint.url}\n`);
  context.err.write("\n");
  return { engine, started };
}

/** Runs `work`; when it fails, a swarmd started for it is stopped, so that nothing is half done. */
export async function orStop<T>(
  { started }: Ready,
  context: Context,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (started) {
      await started.stop();
      context.err.write(`Stopped the swarmd that was started for this (pid ${started.pid}).\n`);
    }
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (
    isSwarmError(error, "unavailable") &&
    ["ENOENT", "ENOTDIR", "ECONNREFUSED"].includes(error.details["errno"] ?? "")
  );
}

/** With a state directory and no host, the socket is in that directory. */
function endpointFor(command: SwarmCommand, flags: DaemonFlags, context: Context): Endpoint {
  const host = givenHost(command, context);
  if (host === undefined && flags.stateDir !== undefined)
    return parseEndpoint(`unix://${join(resolve(flags.stateDir), "swarm.sock")}`);
  return parseEndpoint(host ?? defaultHost(context));
}

function daemonArguments({ runtime, hostname }: DaemonFlags): readonly string[] {
  return [
    ...(runtime === undefined ? [] : ["--runtime", runtime]),
    ...(hostname === undefined ? [] : ["--hostname", hostname]),
  ];
}
