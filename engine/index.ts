export type { EngineModules, Passthrough } from "./modules.ts";
export type { TlsOptions } from "./listener.ts";
export { openEngine, type Engine, type EngineOptions } from "./server.ts";
export type * from "./swarm-node.ts";
