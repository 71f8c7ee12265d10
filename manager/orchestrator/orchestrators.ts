import { runConstraintEnforcer } from "./constraint-enforcer.ts";
import { runGlobal } from "./global.ts";
import { runGlobalJobs, runReplicatedJobs } from "./jobs.ts";
import type { Modules } from "./modules.ts";
import { runReplicated } from "./replicated.ts";
import { runSchedules } from "./schedules.ts";
import { runTaskReaper } from "./task-reaper.ts";

/** A loop that runs on the leader until `signal` aborts. */
export type OrchestratorLoop = (modules: Modules, signal: AbortSignal) => Promise<void>;

/** Every loop of the orchestrator by its name in logs and metrics. */
export const ORCHESTRATORS: Readonly<Record<string, OrchestratorLoop>> = {
  replicated: runReplicated,
  global: runGlobal,
  "replicated-job": runReplicatedJobs,
  "global-job": runGlobalJobs,
  schedules: runSchedules,
  "task-reaper": runTaskReaper,
  "constraint-enforcer": runConstraintEnforcer,
};
