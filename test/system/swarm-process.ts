import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { SWARMD_NODE_FLAGS } from "../../lib/node-flags.ts";
import { call } from "../../demo/api.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
export const SWARMD = path.join(ROOT, "dist", "node", "main.js");
export const SWARM = path.join(ROOT, "dist", "cli", "main.js");

/** Lines of a node's log that a failed test prints. */
const LOG_LINES = 40;

/** How a finished command ended and what it printed. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** How a process ended when it was told to. */
export interface Stop {
  /** Exit status; null when the signal itself ended it. */
  readonly code: number | null;
  readonly tookMs: number;
}

/** Runs a program to its end. */
export async function run(file: string, args: readonly string[]): Promise<Run> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

/** A command under way, and what it has printed so far. */
export class RunningCommand {
  readonly #process: ChildProcess;
  readonly #chunks: Buffer[] = [];

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    await exit;
  }
}

/** Where a swarmd runs. */
export interface Place {
  /** Address that other nodes reach it at. */
  readonly address: string;
  /** Command that takes the rest of its line there, and becomes it. */
  readonly prefix: readonly string[];
  /** Directory of what it keeps. @default the process's own directory */
  readonly stateDir?: string;
}

const HERE: Place = { address: "127.0.0.1", prefix: [] };

/** One swarmd as a process, with a state directory and a socket of its own. */
export class SwarmProcess {
  readonly name: string;
  readonly dir: string;
  readonly socket: string;
  /** Address that other nodes reach it at. */
  readonly address: string;
  readonly #flags: readonly string[];
  readonly #prefix: readonly string[];
  readonly #stateDir: string;
  #process: ChildProcess | undefined;
  #frozen = false;
  #stopped: Stop | undefined;
  #registrations = 0;

  constructor(
    root: string,
    name: string,
    flags: readonly string[] = ["--runtime", "process"],
    place: Place = HERE,
  ) {
    this.name = name;
    this.address = place.address;
    this.#prefix = place.prefix;
    this.dir = path.join(root, name);
    this.socket = path.join(this.dir, "swarm.sock");
    this.#flags = flags;
    this.#stateDir = place.stateDir ?? this.dir;
    fs.mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  get pid(): number | undefined {
    return this.#alive ? this.#process?.pid : undefined;
  }

  /** Whether it is there and not frozen. */
  get running(): boolean {
    return this.#alive && !this.#frozen;
  }

  get #alive(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Stops the process where it is. */
  freeze(): void {
    this.#frozen = this.#process?.kill("SIGSTOP") ?? false;
  }

  /** Has it go on. */
  thaw(): void {
    this.#process?.kill("SIGCONT");
    this.#frozen = false;
  }

  /** How the last {@link stop} went. */
  get stopped(): Stop | undefined {
    return this.#stopped;
  }

  start(): void {
    this.#frozen = false;
    this.#registrations = this.#timesRegistered();
    const log = fs.openSync(path.join(this.dir, "swarmd.log"), "a", 0o600);
    const flags = ["--state-dir", this.#stateDir, "--host", `unix://${this.socket}`];
    flags.push("--hostname", this.name, ...this.#flags);
    const node = [process.execPath, ...SWARMD_NODE_FLAGS];
    const command = [...this.#prefix, ...node, SWARMD, ...flags];
    this.#process = spawn(command[0] as string, command.slice(1), {
      stdio: ["ignore", log, log],
      detached: true,
    });
    fs.closeSync(log);
  }

  /** Sends `signal`; resolves when the process has ended. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || !this.#alive) return;
    const start = systemClock.monotonic();
    const exit = once(child, "exit");
    child.kill(signal);
    const [code] = (await exit) as [number | null];
    this.#stopped = { code, tookMs: systemClock.monotonic() - start };
  }

  /** Runs the `swarm` command against this node. */
  swarm(...args: readonly string[]): Promise<Run> {
    return run(process.execPath, [SWARM, "--host", `unix://${this.socket}`, ...args]);
  }

  /** Starts a `swarm` command against this node that goes on until it is stopped. */
  follow(...args: readonly string[]): RunningCommand {
    return new RunningCommand([SWARM, "--host", `unix://${this.socket}`, ...args]);
  }

  get<T>(where: string): Promise<T> {
    return call<T>(this.socket, "GET", where);
  }

  post<T>(where: string, body?: unknown, timeoutMs?: number): Promise<T> {
    return call<T>(this.socket, "POST", where, body, timeoutMs);
  }

  put(where: string, body: unknown): Promise<void> {
    return call<void>(this.socket, "PUT", where, body);
  }

  delete(where: string): Promise<void> {
    return call<void>(this.socket, "DELETE", where);
  }

  /** Whether this run of the process has registered with a leader. */
  get registered(): boolean {
    return this.running && this.#timesRegistered() > this.#registrations;
  }

  #timesRegistered(): number {
    return this.log().split("registered with the leader").length;
  }

  /** Everything the node wrote to its log. */
  log(): string {
    const file = path.join(this.dir, "swarmd.log");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  logTail(): string {
    return this.log().trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  }
}
