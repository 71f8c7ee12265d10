import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
  /** Where the node's CDI devices are described. */
  readonly cdiDirs: readonly string[];
  readonly node: Pick<NodeScope, "nodeId" | "hostname">;
}

/** File that names the engine on which this node has run containers. */
const ENGINE_NOTE = "engine";

/**
 * Opens what this node runs tasks with. The process runtime is always there; Docker when it is
 * chosen, or answers under `auto`. An engine that this node has used before is waited for
 * ({@link Runtime.adopt} fails until it is there): its containers may run on. Throws `unavailable` when
 * Docker is asked for, was never there and does not answer.
 */
export async function openRuntime(
  options: OpenRuntimeOptions,
  modules: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<Runtime> {
  const { dir, cdiDirs } = options;
  const node = { ...options.node, architecture: hostArchitecture(), os: "linux" };
  const container = await openContainers({ ...options, node }, modules, signal);
  const processes = { dir: join(dir, "processes"), node, cdiDirs, launchProcess: true };
  const process = await openProcessRuntime(processes, modules);
  return new RuntimeSet({ container, process });
}

async function openContainers(
  { choice, dockerHost, dir, images, node }: OpenRuntimeOptions & { readonly node: NodeScope },
  modules: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<Runtime | null> {
  if (choice === "process") return null;
  const { log } = modules;
  const payloadDir = payloadPath(join(dir, "containers"));
  const engine = { dockerHost, payloadDir, imageBook: join(dir, "images.json"), images, node };
  const note = join(dir, ENGINE_NOTE);
  const isKnown = existsSync(note) && readFileSync(note, "utf8") === dockerHost;
  try {
    const runtime = await openDockerRuntime({ ...engine, isAwaited: false }, modules, signal);
    if (!isKnown) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFileSync(note, dockerHost, { mode: 0o600 });
    }
    log.info({ dockerHost }, "containers run on the docker engine");
    return runtime;
  } catch (error) {
    if (!isSwarmError(error, "unavailable")) throw error;
    if (isKnown) {
      const hint = "start it, or give its containers up with --runtime process";
      log.warn({ dockerHost, hint }, "the docker engine does not answer: it is waited for");
      return openDockerRuntime({ ...engine, isAwaited: true }, modules, signal);
    }
    if (choice === "docker") throw error;
    log.info({ dockerHost }, "no docker engine answers, only processes can run");
    return null;
  }
}
