import { runController } from "../store/controller.ts";
import type { Modules } from "./modules.ts";
import { planGlobalJob, planReplicatedJob } from "./plan-job.ts";
import { ServiceController, type ServiceMode } from "./service-controller.ts";
import { BY_NODE, BY_NUMBER } from "./slot.ts";

const REPLICATED_JOB: ServiceMode = {
  name: "replicated-job",
  mode: "replicatedJob",
  perNode: false,
  slotRule: BY_NUMBER,
  endsStrays: false,
  plan: planReplicatedJob,
};

const GLOBAL_JOB: ServiceMode = {
  name: "global-job",
  mode: "globalJob",
  perNode: true,
  slotRule: BY_NODE,
  endsStrays: false,
  plan: planGlobalJob,
};

/** Runs each replicated job to its number of completions, until `signal` aborts. */
export function runReplicatedJobs(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new ServiceController(REPLICATED_JOB, modules), modules, signal);
}

/** Runs each global job once on every node that qualifies, until `signal` aborts. */
export function runGlobalJobs(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new ServiceController(GLOBAL_JOB, modules), modules, signal);
}
