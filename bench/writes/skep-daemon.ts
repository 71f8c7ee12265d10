import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SWARMD_NODE_FLAGS } from "../../lib/node-flags.ts";
import { start } from "../child.ts";
import { freePorts } from "../ports.ts";
import type { Site } from "../site.ts";
import type { StartDaemon } from "./swarm.ts";

const BUILT = fileURLToPath(new URL("../../dist/node/main.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../node/main.ts", import.meta.url));

/** swarmd as it was built, or from the sources where it was not. */
function program(): readonly string[] {
  return existsSync(BUILT) ? [BUILT] : ["--import=tsx", SOURCE];
}

/** Starts swarmd on the hosts of `site`; `runtime` are the flags of what it runs tasks with. */
export function skepDaemons(
  directory: string,
  site: Site,
  runtime: readonly string[] = ["--runtime=process"],
): StartDaemon {
  return async (index) => {
    const home = join(directory, `skep${index}`);
    await mkdir(home, { recursive: true });
    const socketPath = join(home, "swarm.sock");
    const [port] = await freePorts(1);
    const args = [
      ...SWARMD_NODE_FLAGS,
      ...program(),
      `--state-dir=${home}`,
      `--host=unix://${socketPath}`,
      `--hostname=node${index}`,
      ...runtime,
      "--log-level=error",
    ];
    const process_ = start({
      command: process.execPath,
      args,
      namespace: site.namespaces[index] ?? null,
    });
    return { process: process_, socketPath, addr: `${site.hosts[index]}:${port}` };
  };
}
