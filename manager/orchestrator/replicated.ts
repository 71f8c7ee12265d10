import { runController } from "../store/controller.ts";
import type { Modules } from "./modules.ts";
import { planReplicated } from "./plan-replicated.ts";
import { ServiceController, type ServiceMode } from "./service-controller.ts";
import { BY_NUMBER } from "./slot.ts";

const REPLICATED: ServiceMode = {
  name: "replicated",
  mode: "replicated",
  perNode: false,
  slotRule: BY_NUMBER,
  endsStrays: true,
  plan: planReplicated,
};

/**
 * Keeps each replicated service at its number of tasks, of its present specification, until
 * `signal` aborts. Runs on the leader.
 */
export function runReplicated(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new ServiceController(REPLICATED, modules), modules, signal);
}
