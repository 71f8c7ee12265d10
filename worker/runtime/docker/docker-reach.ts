import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { ContainerInspectInfo, ContainerStats } from "dockerode";
import type { Clock } from "../../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { NetworkDialer } from "../network-dialer.ts";
import type { ExecRequest, ExecSession, ProcessList, TaskReach, TaskUsage } from "../reach.ts";
import { DockerExec } from "./docker-exec.ts";
import { engineCall } from "./engine-error.ts";

export interface DockerReachModules {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly dialer: NetworkDialer;
}

/** What the engine says of block devices; both versions of control groups name it alike. */
interface BlockCount {
  readonly op: string;
  readonly value: number;
}

function blockBytes(stats: ContainerStats, operation: string): number | null {
  const counts = stats.blkio_stats?.io_service_bytes_recursive as BlockCount[] | null | undefined;
  if (!counts) return null;
  return counts
    .filter(({ op }) => op.toLowerCase() === operation)
    .reduce((sum, { value }) => sum + value, 0);
}

function networkBytes(stats: ContainerStats, field: "rx_bytes" | "tx_bytes"): number | null {
  const networks = Object.values(stats.networks ?? {});
  if (networks.length === 0) return null;
  return networks.reduce((sum, network) => sum + network[field], 0);
}

/** Without the page cache that the kernel can take back at any time, as docker counts. */
function memoryBytes({ memory_stats: memory }: ContainerStats): number {
  const details = memory.stats as unknown as Readonly<Record<string, number>> | undefined;
  const cache = details?.["total_inactive_file"] ?? details?.["inactive_file"] ?? 0;
  return Math.max(0, (memory.usage ?? 0) - cache);
}

/** The ways into a task that is a container of the local engine. */
export class DockerReach implements TaskReach {
  readonly #container: Docker.Container;
  readonly #modules: DockerReachModules;

  /** @param name the container's */
  constructor(name: string, modules: DockerReachModules) {
    this.#container = modules.docker.getContainer(name);
    this.#modules = modules;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    const { Id: containerId } = await this.#running(signal);
    const { command, env, user, dir, stdin, terminal } = request;
    const hasTerminal = terminal !== null;
    const exec = await engineCall(
      () =>
        this.#container.exec({
          Cmd: [...command],
          Env: [...env],
          User: user,
          WorkingDir: dir,
          AttachStdin: stdin,
          AttachStdout: true,
          AttachStderr: true,
          Tty: hasTerminal,
        }),
      signal,
    );
    const stream = await engineCall(
      () => exec.start({ hijack: true, stdin: true, Tty: hasTerminal }) as Promise<Duplex>,
      signal,
    );
    const { clock } = this.#modules;
    const session = new DockerExec({ exec, stream, containerId, hasTerminal, clock });
    if (terminal) await session.resize(terminal);
    return session;
  }

  async top(signal: AbortSignal): Promise<ProcessList> {
    await this.#running(signal);
    const found = await engineCall(() => this.#container.top(), signal);
    return { titles: found.Titles, processes: found.Processes };
  }

  async usage(signal: AbortSignal): Promise<TaskUsage> {
    await this.#running(signal);
    const options = { stream: false as const, "one-shot": true };
    const stats = await engineCall(() => this.#container.stats(options), signal);
    return {
      atMs: Date.parse(stats.read),
      cpuNs: stats.cpu_stats.cpu_usage.total_usage,
      memoryBytes: memoryBytes(stats),
      memoryLimitBytes: stats.memory_stats.limit ?? 0,
      pids: stats.pids_stats?.current ?? null,
      networkReceivedBytes: networkBytes(stats, "rx_bytes"),
      networkSentBytes: networkBytes(stats, "tx_bytes"),
      blockReadBytes: blockBytes(stats, "read"),
      blockWrittenBytes: blockBytes(stats, "write"),
    };
  }

  async dial(port: number, signal: AbortSignal): Promise<Duplex> {
    const { State: state } = await this.#running(signal);
    return this.#modules.dialer.dial(state.Pid, port, signal);
  }

  async #running(signal: AbortSignal): Promise<ContainerInspectInfo> {
    try {
      const found = await engineCall(() => this.#container.inspect(), signal);
      if (found.State.Running && !found.State.Paused) return found;
    } catch (error) {
      if (!isSwarmError(error, "not-found")) throw error;
    }
    throw new SwarmError("failed-precondition", "the task does not run");
  }
}
