import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  LocalEngine,
  openEngine,
  type Engine,
  type Passthrough,
  type TlsOptions,
} from "../engine/index.ts";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { LocalNode } from "./local-node.ts";
import { openMetrics, type Metrics } from "./metrics.ts";
import type { SwarmdOptions } from "./options.ts";
import { StateDir } from "./state-dir.ts";

export interface SwarmdModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Version of this program. */
  readonly version: string;
}

/** How long the start waits for the local engine to say its version. */
const GREETING_TIME_MS = 2_000;

/** Whoever asks for Docker should hear at once that there is none, and not when tasks come. */
function requireEngine({ runtime, dockerHost }: SwarmdOptions): void {
  const url = new URL(dockerHost);
  if (runtime !== "docker" || url.protocol !== "unix:" || existsSync(url.pathname)) return;
  throw new SwarmError(
    "failed-precondition",
    `--runtime docker: there is no Docker Engine at ${dockerHost}; ` +
      "start it, name its socket with --docker-host, or use --runtime process",
  );
}

/** The Docker Engine that requests which are not the swarm's go to. */
async function localEngine(
  { runtime, dockerHost }: SwarmdOptions,
  { clock, log }: SwarmdModules,
): Promise<Passthrough | undefined> {
  if (runtime === "process") return undefined;
  const engine = new LocalEngine(dockerHost, { log });
  const limit = new AbortController();
  const cancel = clock.after(GREETING_TIME_MS, () => limit.abort());
  await engine.greet(limit.signal);
  cancel();
  return engine;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new SwarmError("invalid", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function readTls(files: SwarmdOptions["tls"]): Promise<TlsOptions | undefined> {
  if (!files) return undefined;
  const { ca, cert, key } = files;
  return { ca: await readPem(ca), cert: await readPem(cert), key: await readPem(key) };
}

/** One swarmd: the local node, its HTTP API and its metrics. */
export class Swarmd {
  /** Where the HTTP API listens. */
  readonly addresses: readonly string[];
  readonly node: LocalNode;
  readonly #state: StateDir;
  readonly #engine: Engine;
  readonly #metrics: Metrics | undefined;

  private constructor(parts: {
    readonly node: LocalNode;
    readonly state: StateDir;
    readonly engine: Engine;
    readonly metrics: Metrics | undefined;
  }) {
    this.node = parts.node;
    this.#state = parts.state;
    this.#engine = parts.engine;
    this.#metrics = parts.metrics;
    this.addresses = parts.engine.addresses;
  }

  /**
   * Takes the state directory and starts to answer. The membership of an earlier run is taken up
   * by {@link LocalNode.resume}, while the API already tells how it goes.
   * @param onFailure told when the node cannot go on
   */
  static async open(
    options: SwarmdOptions,
    modules: SwarmdModules,
    onFailure: (error: unknown) => void,
  ): Promise<Swarmd> {
    requireEngine(options);
    const state = await StateDir.open(options.stateDir);
    let metrics: Metrics | undefined;
    try {
      const saved = await state.load();
      const node = new LocalNode({ ...modules, state, options }, saved, onFailure);
      if (options.metricsAddr) metrics = await openMetrics(options.metricsAddr, node);
      const passthrough = await localEngine(options, modules);
      const engine = await openEngine(
        { hosts: options.hosts, tls: await readTls(options.tls) },
        {
          ...modules,
          node,
          passthrough,
          control: () => node.member?.manager?.control,
          logs: () => node.member?.manager?.logs,
          reach: () => node.member?.manager?.reach,
        },
      );
      return new Swarmd({ node, state, engine, metrics });
    } catch (error) {
      await metrics?.close();
      await state.close();
      throw error;
    }
  }

  /** Stops answering, hands leadership over and ends. Tasks go on running. */
  async stop(): Promise<void> {
    await this.#engine.close();
    await this.node.stop();
    await this.#metrics?.close();
    await this.#state.close();
  }
}
