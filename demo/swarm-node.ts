import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { SWARMD_NODE_FLAGS } from "../lib/node-flags.ts";

const SWARMD = path.join(import.meta.dirname, "..", "node", "main.js");
const SWARM = path.join(import.meta.dirname, "..", "cli", "main.js");

/** One swarmd of the demo: a process with a state directory and a socket of its own. */
export class DemoNode {
  readonly name: string;
  readonly dir: string;
  readonly socket: string;
  readonly #runtime: string;
  #process?: ChildProcess;

  constructor(root: string, name: string, runtime: string) {
    this.name = name;
    this.dir = path.join(root, name);
    this.socket = path.join(this.dir, "swarm.sock");
    this.#runtime = runtime;
    fs.mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Why the process ended, or undefined while it runs. */
  get ended(): string | undefined {
    const child = this.#process;
    if (!child || (child.exitCode === null && child.signalCode === null)) return undefined;
    return `swarmd of ${this.name} ended (${child.signalCode ?? `exit status ${child.exitCode}`})`;
  }

  /** Last lines of the node's log, for when something went wrong. */
  logTail(lines = 15): string {
    const file = path.join(this.dir, "swarmd.log");
    if (!fs.existsSync(file)) return "";
    return fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  start(): void {
    const log = fs.openSync(path.join(this.dir, "swarmd.log"), "a", 0o600);
    const flags = ["--state-dir", this.dir, "--host", `unix://${this.socket}`];
    flags.push("--hostname", this.name, "--runtime", this.#runtime);
    // A group of its own: Ctrl-C at the terminal is for the demo, which then stops its nodes.
    this.#process = spawn(process.execPath, [...SWARMD_NODE_FLAGS, SWARMD, ...flags], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    fs.closeSync(log);
  }

  /** Sends `signal` and resolves when the process has ended. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || this.ended) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
}

/** Runs the `swarm` command against a node as a person would, and returns what it printed. */
export async function swarm(node: DemoNode, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [SWARM, "--host", `unix://${node.socket}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    const said = Buffer.concat(errors).toString().trim() || Buffer.concat(chunks).toString().trim();
    throw new Error(`swarm ${args.join(" ")} on ${node.name}: ${said}`);
  }
  return Buffer.concat(chunks).toString().trimEnd();
}
