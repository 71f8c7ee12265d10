import type { SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { addNodeInspect } from "./inspect.ts";
import { addNodeLs } from "./ls.ts";
import { addNodePs } from "./ps.ts";
import { addNodeRm, addNodeRoleChange, addNodeUpdate } from "./update.ts";
import { addNodeWhatIf } from "./what-if.ts";

/** `swarm node …`. */
export function addNodeCommands(root: SwarmCommand, context: Context): void {
  const node = root.group("node", "Manage Swarm nodes");
  addNodeRoleChange(node, context, "demote");
  addNodeInspect(node, context);
  addNodeLs(node, context);
  addNodeRoleChange(node, context, "promote");
  addNodePs(node, context);
  addNodeRm(node, context);
  addNodeUpdate(node, context);
  addNodeWhatIf(node, context);
}
