import { join } from "node:path";
import { isSwarmError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { hostArchitecture } from "./describe-host.ts";
import { openDockerRuntime, type ImageOptions } from "./docker/docker-runtime.ts";
import { payloadPath } from "./payload-dir.ts";
import { openProcessRuntime } from "./process/process-runtime.ts";
import { RuntimeSet } from "./runtime-set.ts";
import type { Runtime } from "./runtime.ts";
import type { NodeScope } from "./task-scope.ts";

/** What a node is told to run tasks with; `auto` takes Docker when its engine answers. */
export type RuntimeChoice = "auto" | "docker" | "process";

export interface OpenRuntimeOptions {
  readonly choice: RuntimeChoice;
  /** Socket of the local engine, `unix:///path`. */
  readonly dockerHost: string;
  /** A private directory for what the runtimes keep; made if missing. */
  readonly dir: string;
  readonly images: ImageOptions;
  readonly node: Pick<NodeScope, "nodeId" | "hostname">;
}

/**
 * Opens what this node runs tasks with. The process runtime is always there; Docker when it is
 * chosen, or answers under `auto`. Throws `unavailable` when Docker is asked for and does not answer.
 */
export async function openRuntime(
  options: OpenRuntimeOptions,
  modules: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<Runtime> {
  const { dir } = options;
  const node = { ...options.node, architecture: hostArchitecture(), os: "linux" };
  const container = await openContainers({ ...options, node }, modules, signal);
  const processes = { dir: join(dir, "processes"), node, launchProcess: true };
  const process = await openProcessRuntime(processes, modules);
  return new RuntimeSet({ container, process });
}

async function openContainers(
  { choice, dockerHost, dir, images, node }: OpenRuntimeOptions & { readonly node: NodeScope },
  modules: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<Runtime | null> {
  if (choice === "process") return null;
  const payloadDir = payloadPath(join(dir, "containers"));
  try {
    const imageBook = join(dir, "images.json");
    const options = { dockerHost, payloadDir, imageBook, images, node };
    const runtime = await openDockerRuntime(options, modules, signal);
    modules.log.info({ dockerHost }, "containers run on the docker engine");
    return runtime;
  } catch (error) {
    if (choice === "docker" || !isSwarmError(error, "unavailable")) throw error;
    modules.log.info({ dockerHost }, "no docker engine answers, only processes can run");
    return null;
  }
}
