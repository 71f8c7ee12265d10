import { runController } from "../store/controller.ts";
import type { Modules } from "./modules.ts";
import { planGlobal } from "./plan-global.ts";
import { ServiceController, type ServiceMode } from "./service-controller.ts";
import { BY_NODE } from "./slot.ts";

const GLOBAL: ServiceMode = {
  name: "global",
  mode: "global",
  perNode: true,
  slotRule: BY_NODE,
  endsStrays: false,
  plan: planGlobal,
};

/**
 * Keeps one task of each global service on every node that qualifies, until `signal` aborts. Runs
 * on the leader.
 */
export function runGlobal(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new ServiceController(GLOBAL, modules), modules, signal);
}
