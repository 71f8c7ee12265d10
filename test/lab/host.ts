import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import Docker from "dockerode";
import { until } from "../system/cluster.ts";

const CGROUPS = "/sys/fs/cgroup";
/** Own file system tree, processes and name; all of it dies with its first process. */
const APART = ["--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
/** Its first process: takes the file `$0` for its name servers, reaps orphans and does nothing else. */
const INIT = ["sh", "-c", 'mount --bind "$0" /etc/resolv.conf; exec docker-init -- sleep infinity'];
/**
 * There is no world outside, and an engine that looks for a registry should hear so at once: nobody
 * answers at the host's own address, and nobody is waited for.
 */
const NAME_SERVERS = "nameserver 127.0.0.1\n";
/** Lines of an engine's log that a failed test prints. */
const LOG_LINES = 30;

export interface HostOptions {
  /** A directory of the host's own; made if missing. */
  readonly dir: string;
  /** Its network namespace. */
  readonly namespace: string;
  /** Size of its disk, which lies in memory. */
  readonly diskMegabytes: number;
}

/** A machine of the lab: its disk, its Docker Engine, its containers. */
export class LabHost {
  readonly docker: Docker;
  readonly disk: string;
  readonly #options: HostOptions;
  #init: ChildProcess | undefined;
  #engine: ChildProcess | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.disk = path.join(options.dir, "disk");
    this.docker = new Docker({ socketPath: this.socket });
  }

  /** The engine's socket, outside of the disk so that it can be made when that is full. */
  get socket(): string {
    return path.join(this.#options.dir, "docker.sock");
  }

  /** Gives it its disk; what is on it outlives {@link kill}. */
  install(): void {
    fs.mkdirSync(this.disk, { recursive: true });
    const size = `size=${this.#options.diskMegabytes}m`;
    execFileSync("mount", ["-t", "tmpfs", "-o", `${size},mode=700`, "skep-lab", this.disk]);
  }

  /** Switches it on: its engine answers then. */
  async boot(): Promise<void> {
    const { dir, namespace } = this.#options;
    const names = path.join(dir, "resolv.conf");
    fs.writeFileSync(names, NAME_SERVERS);
    const net = `--net=/run/netns/${namespace}`;
    this.#init = this.#spawn(["nsenter", net, "unshare", ...APART, ...INIT, names]);
    await this.startEngine();
  }

  async startEngine(): Promise<void> {
    const { dir, namespace } = this.#options;
    fs.rmSync(this.socket, { force: true });
    const init = await until("the host has its first process", () => Promise.resolve(this.#pid1()));
    const enter = ["nsenter", `--target=${init}`, "--mount", "--pid", "--uts", "--net"];
    fs.writeFileSync(path.join(dir, "daemon.json"), "{}");
    this.#engine = this.#spawn([
      ...enter,
      "dockerd",
      `--config-file=${path.join(dir, "daemon.json")}`,
      `--data-root=${path.join(this.disk, "docker")}`,
      `--exec-root=${path.join(dir, "exec")}`,
      `--pidfile=${path.join(dir, "docker.pid")}`,
      `--host=unix://${this.socket}`,
      `--cgroup-parent=/${namespace}`,
    ]);
    await until("the engine answers", async () => {
      const code = this.#engine?.exitCode;
      if (typeof code === "number") throw new Error(`it ended with ${code}: ${this.logTail(1)}`);
      await this.docker.ping();
      return true;
    });
  }

  /** Kills the engine alone; what it has started runs on until it comes back. */
  killEngine(): Promise<void> {
    return this.#endEngine("SIGKILL");
  }

  /** Tells the engine alone to end, as the host's administrator would; it ends its containers. */
  stopEngine(): Promise<void> {
    return this.#endEngine("SIGTERM");
  }

  /**
   * Those of the containers that run. Each is asked for: an engine whose disk was full for a while
   * goes on listing as running what has ended.
   */
  async running(ids: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(ids.map((id) => this.docker.getContainer(id).inspect()));
    return found.filter(({ State }) => State.Running).map(({ Id }) => Id);
  }

  /** Stops or wakes everything on the host but swarmd, which is no child of it. */
  signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
    const roots = [this.#init?.pid, this.#engine?.pid].filter((pid) => pid !== undefined);
    // Those outside stop themselves when what they wait for does.
    const below = roots.flatMap((pid) => descendantsOf(pid));
    for (const pid of signal === "SIGCONT" ? [...roots, ...below] : below) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** Takes its power away. */
  async kill(): Promise<void> {
    for (const child of [this.#init, this.#engine]) if (child) await endOf(child);
    this.#init = undefined;
    this.#engine = undefined;
    // As on any machine, what lay under /run is gone. Left there, containerd's old process id would
    // now and then be that of something else alive, and the engine would wait for it in vain.
    fs.rmSync(path.join(this.#options.dir, "docker.pid"), { force: true });
    fs.rmSync(path.join(this.#options.dir, "exec"), { recursive: true, force: true });
    for (const controller of fs.readdirSync(CGROUPS))
      removeGroups(path.join(CGROUPS, controller, this.#options.namespace));
    removeGroups(path.join(CGROUPS, this.#options.namespace));
  }

  /** Takes its disk away. */
  scrap(): void {
    execFileSync("umount", ["-l", this.disk]);
  }

  /** Writes until there is no room left. */
  fillDisk(): void {
    const file = fs.openSync(this.#filler, "w");
    const block = Buffer.alloc(1 << 20);
    try {
      for (;;) fs.writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      fs.closeSync(file);
    }
  }

  freeDisk(): void {
    fs.rmSync(this.#filler);
  }

  /** The last lines that its engine wrote. */
  logTail(lines = LOG_LINES): string {
    const log = fs.readFileSync(path.join(this.#options.dir, "host.log"), "utf8");
    return log.trimEnd().split("\n").slice(-lines).join("\n");
  }

  get #filler(): string {
    return path.join(this.disk, "filler");
  }

  async #endEngine(signal: NodeJS.Signals): Promise<void> {
    const wrapper = this.#engine;
    if (!wrapper?.pid) return;
    const [engine] = childrenOf(wrapper.pid);
    const exit = once(wrapper, "exit");
    if (engine) process.kill(engine, signal);
    await exit;
    fs.rmSync(path.join(this.#options.dir, "docker.pid"), { force: true });
  }

  #pid1(): number | undefined {
    const unshare = this.#init?.pid;
    return unshare === undefined ? undefined : childrenOf(unshare)[0];
  }

  #spawn([program = "", ...args]: readonly string[]): ChildProcess {
    const log = fs.openSync(path.join(this.#options.dir, "host.log"), "a", 0o600);
    const child = spawn(program, args, { stdio: ["ignore", log, log] });
    fs.closeSync(log);
    // An interrupted suite runs no hooks; what it has started must end all the same.
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.removeListener("exit", kill));
    return child;
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Everything below a process, whichever of its threads has started it. */
function descendantsOf(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of fs.readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const parent = parentOf(pid);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

function parentOf(pid: number): number {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

function removeGroups(group: string): void {
  if (!fs.existsSync(group)) return;
  for (const entry of fs.readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(path.join(group, entry.name));
  try {
    fs.rmdirSync(group);
  } catch {
    // A process in it is still on its way out; an empty group costs nothing.
  }
}
