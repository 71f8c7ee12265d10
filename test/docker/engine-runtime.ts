import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import {
  openDockerRuntime,
  type ImageOptions,
} from "../../worker/runtime/docker/docker-runtime.ts";
import type { Runtime } from "../../worker/runtime/runtime.ts";

/** The node that the tests' runtimes are of. */
export const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };

/** As swarmd takes them by default, but that nothing is collected while a test looks. */
export const IMAGES: ImageOptions = { preferLocal: false, collect: null };

/** Opens a docker runtime on the engine at `dockerHost` that keeps its files in `dir`. */
export function openEngineRuntime(
  dockerHost: string,
  dir: string,
  images: ImageOptions = IMAGES,
): Promise<Runtime> {
  const options = {
    dockerHost,
    payloadDir: join(dir, "payloads"),
    imageBook: join(dir, "images.json"),
    images,
    node: NODE,
    isAwaited: false,
  };
  const modules = { clock: systemClock, log: silentLog };
  return openDockerRuntime(options, modules, new AbortController().signal);
}
