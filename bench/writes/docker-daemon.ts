import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, start } from "../child.ts";
import type { Site } from "../site.ts";
import type { StartDaemon } from "./swarm.ts";

const SWARM_PORT = 2377;

/** Starts Docker Engines that know nothing of the host's own, each in a network namespace. */
export function dockerDaemons(directory: string, site: Site): StartDaemon {
  return async (index) => {
    const home = join(directory, `docker${index}`);
    await mkdir(home, { recursive: true });
    const config = join(home, "daemon.json");
    await writeFile(config, "{}");
    const socketPath = join(home, "docker.sock");
    const options = [
      `--config-file=${config}`,
      `--data-root=${join(home, "data")}`,
      `--exec-root=${join(home, "exec")}`,
      `--pidfile=${join(home, "pid")}`,
      `--host=unix://${socketPath}`,
    ];
    const process_ = start({
      command: "dockerd",
      args: options,
      namespace: site.namespaces[index] ?? null,
      quiet: true,
    });
    return { process: process_, socketPath, addr: `${site.hosts[index]}:${SWARM_PORT}` };
  };
}

/** Lets go of what a stopped engine leaves mounted below `directory`. */
export async function unmountBelow(directory: string): Promise<void> {
  const points = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${directory}/`));
  for (const point of points.toReversed()) await run("umount", ["-l", point]);
}
