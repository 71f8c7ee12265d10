import type { SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { addRm } from "../rm.ts";
import { addExec } from "../reach/exec.ts";
import { addPortForward } from "../reach/port-forward.ts";
import { addServiceCreate } from "./create.ts";
import { addServiceInspect } from "./inspect.ts";
import { addLogs } from "./logs.ts";
import { addServiceLs } from "./ls.ts";
import { addServicePs } from "./ps.ts";
import { addServiceRebalance } from "./rebalance.ts";
import { addServiceRollback } from "./rollback.ts";
import { addServiceScale } from "./scale.ts";
import { addServiceUpdate } from "./update.ts";

/** `swarm service …`. */
export function addServiceCommands(root: SwarmCommand, context: Context): void {
  const service = root.group("service", "Manage Swarm services");
  addServiceCreate(service, context);
  addExec(service, context, "SERVICE|TASK");
  addServiceInspect(service, context);
  addLogs(service, context, "SERVICE|TASK");
  addServiceLs(service, context);
  addPortForward(service, context);
  addServicePs(service, context);
  addRm(service, context, {
    noun: "SERVICE",
    collection: "services",
    description: "Remove one or more services",
  });
  addServiceRebalance(service, context);
  addServiceRollback(service, context);
  addServiceScale(service, context);
  addServiceUpdate(service, context);
}
