import { spawnSync, type ChildProcess } from "node:child_process";
import { createReadStream, existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import { isErrnoException } from "../../lib/errno.ts";
import { isInstalled } from "../installed.ts";
import { end, start } from "../child.ts";
import { until } from "../waiting.ts";

/** Debian's `busybox-static`: needs nothing else in its image. */
const BUSYBOX = "/bin/busybox";
const IMAGE = "skep-bench:1";
const CGROUPS = "/sys/fs/cgroup";
/** Moves itself into the control group given first, then becomes the rest of the line. */
const JOIN = 'mkdir -p "$0" && echo $$ >"$0/cgroup.procs"; exec "$@"';

/** One Docker Engine with all that belongs to it, which dies as a whole as a machine would. */
export interface Engine {
  /** Ends together with everything the engine has started. */
  readonly process: ChildProcess;
  readonly socketPath: string;
  readonly docker: Docker;
  /** CPU seconds of the engine and its containers so far; NaN where nobody counts them. */
  cpu(): number;
}

/** Whether engines can be started here. */
export function hasEngines(): boolean {
  return existsSync(BUSYBOX) && ["dockerd", "docker-init", "unshare"].every(isInstalled);
}

/** Name of the control group of the engine in `namespace`, found again when it is gone. */
function cgroupOf(namespace: string): string {
  return `skep-bench-${namespace}`;
}

/** Where Linux counts CPU time: a controller's own tree, or the one tree of cgroup v2. */
function accountOf(namespace: string): string {
  const controller = join(CGROUPS, "cpuacct");
  return join(existsSync(controller) ? controller : CGROUPS, cgroupOf(namespace), "engine");
}

function usedCpu(account: string): number {
  try {
    return Number(readFileSync(join(account, "../cpuacct.usage"), "utf8")) / 1e9;
  } catch {
    return NaN;
  }
}

/** Starts an engine in `directory` and the network `namespace`; resolves when it answers. */
export async function startEngine(
  directory: string,
  namespace: string,
  signal: AbortSignal,
): Promise<Engine> {
  await mkdir(directory, { recursive: true });
  const config = join(directory, "daemon.json");
  await writeFile(config, "{}");
  const socketPath = join(directory, "docker.sock");
  const apart = ["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
  const options = [
    `--config-file=${config}`,
    `--data-root=${join(directory, "data")}`,
    `--exec-root=${join(directory, "exec")}`,
    `--pidfile=${join(directory, "pid")}`,
    `--cgroup-parent=/${cgroupOf(namespace)}`,
    `--host=unix://${socketPath}`,
  ];
  const account = accountOf(namespace);
  const engine = ["unshare", ...apart, "docker-init", "--", "dockerd", ...options];
  const process_ = start({
    command: "sh",
    args: ["-c", JOIN, account, ...engine],
    namespace,
    quiet: true,
  });
  const docker = new Docker({ socketPath });
  await until(
    "the engine answers",
    () =>
      docker.ping().then(
        () => true as const,
        () => undefined,
      ),
    signal,
  );
  return { process: process_, socketPath, docker, cpu: () => usedCpu(account) };
}

/** Kills the engine with all its containers and takes their control groups away. */
export async function killEngine(
  engine: Engine,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await end(engine.process, "SIGKILL");
  const controllers = await readdir(CGROUPS).catch(() => []);
  const groups = ["", ...controllers].map((name) => join(CGROUPS, name, cgroupOf(namespace)));
  // What was killed is still on its way out for a moment.
  const empty = (): Promise<true | undefined> =>
    Promise.resolve(groups.map(removeGroups).every(Boolean) || undefined);
  await until("the engine's control groups are empty", empty, signal);
}

/** Whether nothing is left of a control group. */
function removeGroups(group: string): boolean {
  if (!existsSync(group)) return true;
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(join(group, entry.name));
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    if (isErrnoException(error, "EBUSY", "ENOTEMPTY")) return false;
    throw error;
  }
}

/** A tar file of the image that all engines get, so that its id is the same on each. */
export class BenchImage {
  readonly #directory: string;
  #saved: string | undefined;
  #id = "";

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What services name it by: an id, which nobody looks up in a registry. */
  get id(): string {
    return this.#id;
  }

  /** Brings the image to an engine. */
  async give({ docker }: Engine): Promise<void> {
    this.#saved ??= await this.#make(docker);
    const stream = await docker.loadImage(createReadStream(this.#saved));
    await finished(docker, stream);
  }

  async #make(docker: Docker): Promise<string> {
    const root = join(this.#directory, "rootfs");
    await mkdir(join(root, "bin"), { recursive: true });
    for (const name of ["tmp", "etc", "proc", "sys", "dev"]) await mkdir(join(root, name));
    await copyFile(BUSYBOX, join(root, "bin/busybox"));
    await chmod(join(root, "bin/busybox"), 0o755);
    for (const name of ["sh", "sleep"]) await symlink("busybox", join(root, "bin", name));
    const tar = join(this.#directory, "rootfs.tar");
    spawnSync("tar", ["-C", root, "-cf", tar, "."]);
    const [repo, tag] = IMAGE.split(":");
    await finished(docker, await docker.importImage(tar, { repo, tag }));
    this.#id = (await docker.getImage(IMAGE).inspect()).Id;
    const saved = join(this.#directory, "image.tar");
    await writeFile(saved, await docker.getImage(IMAGE).get());
    return saved;
  }
}

function finished(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}
