import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
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
  readonly node: NodeScope;
}

/**
 * Opens what this node runs tasks with. The process runtime is always there; Docker when it is
 * chosen, or answers under `auto`. Throws `unavailable` when Docker is asked for and does not answer.
 */
export async function openRuntime(
  { dir, node }: OpenRuntimeOptions,
  modules: { readonly clock: Clock; readonly log: Logger },
  _signal: AbortSignal,
): Promise<Runtime> {
  const processes = await openProcessRuntime({ dir: join(dir, "processes"), node }, modules);
  return new RuntimeSet({ container: null, process: processes });
}
