import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { isErrnoException } from "../../lib/errno.ts";
import { eventually } from "../worker/runtime/wait.ts";
import { BUSYBOX, importImage, makeBusyboxTar } from "./busybox-image.ts";
import { skipWhere } from "../skip-where.ts";

export { IMAGE } from "./busybox-image.ts";

/** Debian's package `docker.io`. */
const DOCKERD = "/usr/sbin/dockerd";
const PLUGINS = "/run/docker/plugins";
/** Of util-linux, which every Debian has. */
const UNSHARE = "/usr/bin/unshare";

/** A Docker Engine of the tests' own. */
export interface TestEngine {
  readonly host: string;
  readonly docker: Docker;
  /** Where it keeps its files; its own, so that tests may add to them. */
  readonly dir: string;
  /** The image's files, as a tar file. */
  readonly imageTar: string;
  /** Kills the engine as a crash would and starts it again. */
  restart(): Promise<void>;
  /** What it has logged. */
  log(): Promise<string>;
}

export interface EngineOptions {
  /**
   * It sees the machine's loopback, and its containers have no network; otherwise it has a network
   * of its own.
   */
  readonly onHostNetwork?: boolean;
  /** It finds volume plugins by sockets in the directory `plugins` of its own. */
  readonly hasPlugins?: boolean;
  /** More flags of dockerd. */
  readonly flags?: readonly string[];
}

/** Why no Docker Engine can be started here; empty when one can. */
export function missingForEngines(): string {
  if (process.getuid?.() !== 0) return "root is needed to start a Docker Engine";
  if (!existsSync(DOCKERD)) return `${DOCKERD} is missing: install docker.io`;
  if (!existsSync(BUSYBOX)) return `${BUSYBOX} is missing: install busybox-static`;
  return "";
}

class PrivateEngine implements TestEngine {
  readonly host: string;
  readonly docker: Docker;
  readonly dir: string;
  imageTar = "";
  readonly #options: EngineOptions;
  #process: ChildProcess | null = null;

  constructor(dir: string, options: EngineOptions) {
    this.dir = dir;
    this.#options = options;
    this.host = `unix://${join(dir, "docker.sock")}`;
    this.docker = new Docker({ socketPath: join(dir, "docker.sock") });
  }

  async start(): Promise<void> {
    const log = await open(join(this.dir, "dockerd.log"), "a");
    const args = [
      `--data-root=${join(this.dir, "data")}`,
      `--exec-root=${join(this.dir, "exec")}`,
      `--pidfile=${join(this.dir, "pid")}`,
      `--host=${this.host}`,
      "--iptables=false",
      "--ip6tables=false",
      ...(this.#options.flags ?? []),
    ];
    const [program, ...command] = this.#command(args);
    this.#process = spawn(program, command, { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    await eventually(() => this.#answers());
  }

  #command(args: readonly string[]): readonly [string, ...string[]] {
    if (this.#options.onHostNetwork) return [DOCKERD, ...args, "--bridge=none"];
    // In a network of its own: an engine beside another one would take its docker0 away.
    const start = 'ip link set lo up && exec "$0" "$@"';
    if (!this.#options.hasPlugins)
      return [UNSHARE, "--net", "/bin/sh", "-c", start, DOCKERD, ...args];
    // Where an engine looks for plugins is compiled in: this one sees its own directory there.
    const plugins = join(this.dir, "plugins");
    const bind = `mkdir -p ${plugins} ${PLUGINS} && mount --bind ${plugins} ${PLUGINS} && ${start}`;
    return [UNSHARE, "--net", "--mount", "/bin/sh", "-c", bind, DOCKERD, ...args];
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null) return;
    const exited = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await exited;
  }

  async restart(): Promise<void> {
    await this.stop("SIGTERM");
    await this.start();
  }

  async importImage(): Promise<void> {
    this.imageTar = await makeBusyboxTar(this.dir);
    await importImage(this.docker, this.imageTar);
  }

  async log(): Promise<string> {
    return readFile(join(this.dir, "dockerd.log"), "utf8");
  }

  async #answers(): Promise<boolean> {
    try {
      await this.docker.ping();
      return true;
    } catch (error) {
      if (isErrnoException(error, "ENOENT", "ECONNREFUSED")) return false;
      throw error;
    }
  }
}

/**
 * Gives the suite an engine of its own: started before, killed after. Where none can be started the
 * suite is skipped with the reason, but fails under SKEP_CI=1.
 */
export function useEngine(options: EngineOptions = {}): () => TestEngine {
  let engine: PrivateEngine | null = null;
  let dir = "";

  before(async function (this: Mocha.Context) {
    this.timeout(60_000);
    skipWhere(this, missingForEngines());
    dir = await mkdtemp(join(tmpdir(), "skep-engine-"));
    engine = new PrivateEngine(dir, options);
    await engine.start();
    await engine.importImage();
  });

  after(async function (this: Mocha.Context) {
    this.timeout(60_000);
    if (!engine) return;
    for (const { Id: id } of await engine.docker.listContainers({ all: true }))
      await engine.docker.getContainer(id).remove({ force: true, v: true });
    await engine.stop("SIGTERM");
    // A container on the host's network leaves it mounted here.
    spawnSync("umount", [join(dir, "exec/netns/default")], { stdio: "ignore" });
    await rm(dir, { recursive: true, force: true });
  });

  return () => {
    if (!engine) throw new Error("the engine is there in tests and hooks only");
    return engine;
  };
}
