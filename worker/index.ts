/** The worker's public face: what the composition root wires. */
export { CDI_DIRS } from "./runtime/cdi.ts";
export { openRuntime } from "./runtime/open-runtime.ts";
export type { OpenRuntimeOptions, RuntimeChoice } from "./runtime/open-runtime.ts";
export type { ImageOptions } from "./runtime/docker/docker-runtime.ts";
export type { Runtime } from "./runtime/runtime.ts";
export { csiNodes } from "./volumes/csi-node.ts";
export { openWorker, Worker } from "./worker.ts";
export type { WorkerModules, WorkerOptions } from "./worker.ts";
