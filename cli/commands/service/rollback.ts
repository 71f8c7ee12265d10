import { readModifyWrite } from "../../api/read-modify-write.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { watchService } from "../../progress/watch.ts";
import { addDetachFlags, type RunFlags } from "./flags.ts";
import { readService, writeService } from "./read.ts";

/** `swarm service rollback`. */
export function addServiceRollback(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("rollback")
    .description("Revert changes to a service's configuration")
    .argument("SERVICE");
  addDetachFlags(command).action(async (name: string, flags: RunFlags) => {
    const engine = await engineOf(command, context);
    const id = await readModifyWrite(async () => {
      const service = await readService(engine, name);
      const warnings = await writeService(engine, service, service.Spec, { rollback: "previous" });
      for (const warning of warnings) context.err.write(`${warning}\n`);
      return service.ID;
    }, context);
    context.out.write(`${name}\n`);
    const options = { isQuiet: flags.quiet === true, isRollback: true };
    if (!flags.detach) await watchService(engine, id, context, options);
  });
}
