import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { cpuSeconds } from "../cpu-time.ts";
import { end } from "../child.ts";
import { until } from "../waiting.ts";
import { HttpClient } from "./http-client.ts";

/** Connections for a benchmark's own questions and its load together. */
const CONNECTIONS_MAX = 128;

/** One daemon of either system, reached over its socket. */
export interface Daemon {
  readonly process: ChildProcess;
  readonly socketPath: string;
  /** `host:port` of its control port. */
  readonly addr: string;
  /** What ends it. @default SIGTERM */
  readonly endWith?: NodeJS.Signals;
}

/** Starts the daemon number `index` of a system. */
export type StartDaemon = (index: number) => Promise<Daemon>;

/** A swarm of either system. */
export class Swarm implements AsyncDisposable {
  #daemons: { readonly daemon: Daemon; readonly client: HttpClient }[] = [];
  #started = 0;
  readonly #start: StartDaemon;
  readonly #signal: AbortSignal;

  private constructor(start: StartDaemon, signal: AbortSignal) {
    this.#start = start;
    this.#signal = signal;
  }

  /** Forms one of so many managers. */
  static async form(start: StartDaemon, managers: number, signal: AbortSignal): Promise<Swarm> {
    const swarm = new Swarm(start, signal);
    try {
      for (let i = 0; i < managers; i++) await swarm.add("Manager");
      return swarm;
    } catch (error) {
      await swarm[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The API of the first manager, which leads unless something happened to it. */
  get client(): HttpClient {
    return this.#at(0).client;
  }

  /** Adds a node; resolves when it is ready, and reachable if it is a manager. */
  async add(role: "Manager" | "Worker"): Promise<Daemon> {
    const index = this.#started++;
    const daemon = await this.#start(index);
    const client = new HttpClient(daemon.socketPath, CONNECTIONS_MAX);
    this.#daemons.push({ daemon, client });
    const answers = (): Promise<true | undefined> =>
      client.call("GET", "/_ping").then(
        () => true,
        () => undefined,
      );
    await until("the daemon answers", answers, this.#signal);
    const own = { ListenAddr: daemon.addr, AdvertiseAddr: daemon.addr };
    if (index === 0) await client.call("POST", "/swarm/init", own);
    else {
      const { JoinTokens } = (await this.client.call("GET", "/swarm")) as SwarmInfo;
      const RemoteAddrs = [this.#at(0).daemon.addr];
      await client.call("POST", "/swarm/join", {
        ...own,
        RemoteAddrs,
        JoinToken: JoinTokens[role],
      });
    }
    await this.#wholeWith(this.#daemons.length);
    return daemon;
  }

  /** Counts no more on a daemon that was killed. */
  forget(daemon: Daemon): void {
    this.#daemons = this.#daemons.filter((one) => one.daemon !== daemon);
  }

  /** CPU seconds of all daemons so far. */
  cpu(): number {
    return cpuSeconds(this.#daemons.map(({ daemon }) => daemon.process.pid ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#daemons) client.close();
    await Promise.all(
      this.#daemons.map(({ daemon }) => end(daemon.process, daemon.endWith ?? "SIGTERM")),
    );
    for (const { daemon } of this.#daemons) await rm(daemon.socketPath, { force: true });
  }

  async #wholeWith(size: number): Promise<void> {
    await until(
      `${size} nodes are ready`,
      async () => {
        const nodes = (await this.client.call("GET", "/nodes")) as readonly NodeInfo[];
        const ready = nodes.filter(
          ({ Status, ManagerStatus }) =>
            Status.State === "ready" &&
            (ManagerStatus === undefined || ManagerStatus.Reachability === "reachable"),
        );
        return ready.length === size ? true : undefined;
      },
      this.#signal,
    );
  }

  #at(index: number): { readonly daemon: Daemon; readonly client: HttpClient } {
    const found = this.#daemons[index];
    if (!found) throw new Error(`the swarm has no node ${index}`);
    return found;
  }
}

interface SwarmInfo {
  readonly JoinTokens: { readonly Manager: string; readonly Worker: string };
}

interface NodeInfo {
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Reachability: string };
}
