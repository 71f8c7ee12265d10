import { addInspectFlags, inspectEach, type InspectFlags } from "../../api/inspect.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { serviceText } from "../../render/service-text.ts";
import { readService } from "./read.ts";

/** `swarm service inspect`. */
export function addServiceInspect(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("inspect")
    .description("Display detailed information on one or more services")
    .argument("SERVICE")
    .argument("[SERVICE...]");
  addInspectFlags(command, true).action(
    async (first: string, rest: readonly string[], flags: InspectFlags) => {
      const engine = await engineOf(command, context);
      await inspectEach(
        [first, ...rest],
        flags,
        { read: (name) => readService(engine, name, true), pretty: serviceText },
        context,
      );
    },
  );
}
