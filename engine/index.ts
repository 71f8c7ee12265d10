export type { EngineModules } from "./modules.ts";
export { LocalEngine } from "./local/local-engine.ts";
export type { Passthrough } from "./local/passthrough.ts";
export type { TlsOptions } from "./listener.ts";
export { openEngine, type Engine, type EngineOptions } from "./server.ts";
export type * from "./swarm-node.ts";
