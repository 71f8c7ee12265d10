import os from "node:os";
import { openRuntime, type Runtime } from "../worker/index.ts";
import type { MemberModules } from "./member.ts";

/** Opens what this node runs tasks with, as its options say. */
export function openNodeRuntime(
  nodeId: string,
  modules: MemberModules,
  signal: AbortSignal,
): Promise<Runtime> {
  const { options, state } = modules;
  const { hostname, runtime, dockerHost, images, cdiDirs } = options;
  const node = { nodeId, hostname, architecture: os.machine(), os: process.platform };
  const dir = state.join("runtime");
  const asked = { choice: runtime, dockerHost, dir, images, cdiDirs, node };
  return openRuntime(asked, modules, signal);
}
