export type { EngineModules, Passthrough } from "./modules.ts";
export { Engine, openEngine, type EngineOptions } from "./server.ts";
export type { TlsOptions } from "./listener.ts";
export type * from "./swarm-node.ts";
