import { resolve, join } from "node:path";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import { parseEndpoint, type Endpoint } from "../api/endpoint.ts";
import type { Engine } from "../api/engine.ts";
import { defaultHost, givenHost, rootOf, type SwarmCommand } from "../command.ts";
import { certificateFiles } from "../flags/tls-options.ts";
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

/**
 * Failures after which the node is, or is becoming, part of a swarm, so that its swarmd has to run:
 * it goes on joining in the background, or it was a member before. Only the text says so.
 */
const IS_MEMBER = /continue in the background|already part of a swarm/;

/**
 * Does `work` with the command's engine. When nothing answers on its unix socket, a swarmd is
 * started in the background first: once the work is done the user learns how to stop it, and it is
 * stopped when the work fails, so that nothing is half done.
 */
export async function withDaemon<T>(
  command: SwarmCommand,
  flags: DaemonFlags,
  context: Context,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const endpoint = endpointFor(command, flags, context);
  const engine = await context.connect(endpoint, context.signal);
  const unreachable = await engine.ping().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (unreachable === undefined) {
    warnOfIdleFlags(flags, endpoint, context);
    return work(engine);
  }
  if (!isAbsent(unreachable) || endpoint.kind !== "unix") throw unreachable;
  const started = await startDaemon(engine, endpoint, flags, context);
  try {
    const result = await work(engine);
    announce(started, endpoint, context);
    return result;
  } catch (error) {
    if (!IS_MEMBER.test(messageOf(error))) throw await undone(error, started);
    announce(started, endpoint, context);
    throw error;
  }
}

function warnOfIdleFlags(flags: DaemonFlags, endpoint: Endpoint, context: Context): void {
  const given = [
    flags.stateDir === undefined ? [] : ["--state-dir"],
    flags.runtime === undefined ? [] : ["--runtime"],
    flags.hostname === undefined ? [] : ["--hostname"],
  ].flat();
  if (given.length > 0)
    context.err.write(
      `A swarmd answers at ${endpoint.url} already: ${given.join(", ")} changes nothing about it.\n`,
    );
}

/** Stops what was started; the error to show says so after its cause. */
async function undone(error: unknown, started: StartedDaemon): Promise<SwarmError> {
  const failure = await started.stop();
  // Whoever only hears that the connection was cut must look for the cause on the other side.
  if (failure !== "" && isSwarmError(error, "unavailable"))
    return new SwarmError("unavailable", `swarmd started, and ended.${failure}`, { cause: error });
  const code = isSwarmError(error) ? error.code : "internal";
  return new SwarmError(
    code,
    `${messageOf(error)}\n` +
      `The swarmd that was started for this is stopped again; its log is ${started.logFile}`,
    { cause: error },
  );
}

function startDaemon(
  engine: Engine,
  endpoint: Extract<Endpoint, { kind: "unix" }>,
  flags: DaemonFlags,
  context: Context,
): Promise<StartedDaemon> {
  const isUp = (): Promise<boolean> =>
    engine.ping().then(
      () => true,
      () => false,
    );
  const stateDir = resolve(flags.stateDir ?? context.paths.stateDir);
  return context.daemon(
    { endpoint, stateDir, flags: daemonArguments(flags) },
    isUp,
    context.signal,
  );
}

function announce(started: StartedDaemon, endpoint: Endpoint, context: Context): void {
  context.err.write(
    `Started swarmd in the background: pid ${started.pid}, log ${started.logFile}.\n` +
      `Stop it with: kill ${started.pid}\n`,
  );
  if (endpoint.url !== defaultHost(context) && context.env["SWARM_HOST"] !== endpoint.url)
    context.err.write(`Reach it with: export SWARM_HOST=${endpoint.url}\n`);
  context.err.write("\n");
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
  const certificates = certificateFiles(rootOf(command).opts(), context.env);
  return parseEndpoint(host ?? defaultHost(context), certificates);
}

function daemonArguments({ runtime, hostname }: DaemonFlags): readonly string[] {
  return [
    ...(runtime === undefined ? [] : ["--runtime", runtime]),
    ...(hostname === undefined ? [] : ["--hostname", hostname]),
  ];
}
