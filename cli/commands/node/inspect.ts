import { addInspectFlags, inspectEach, type InspectFlags } from "../../api/inspect.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { nodeText } from "../../render/node-text.ts";
import { readNode } from "./read.ts";

/** `swarm node inspect`. */
export function addNodeInspect(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("inspect")
    .description("Display detailed information on one or more nodes")
    .argument("self|NODE")
    .argument("[NODE...]");
  addInspectFlags(command, true).action(
    async (first: string, rest: readonly string[], flags: InspectFlags) => {
      const engine = await engineOf(command, context);
      await inspectEach(
        [first, ...rest],
        flags,
        { read: (name) => readNode(engine, name), pretty: nodeText },
        context,
      );
    },
  );
}
