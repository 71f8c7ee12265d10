import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { groupFilters } from "../../flags/filter.ts";
import { addListFlags, type ListFlags } from "../../flags/list-options.ts";
import { renderListing } from "../../render/listing.ts";
import { SERVICE_LISTING, serviceRows } from "../../render/service-rows.ts";
import { listServices } from "./read.ts";

/** `swarm service ls`. */
export function addServiceLs(parent: SwarmCommand, context: Context): void {
  const command = parent.command("ls").alias("list").description("List services");
  addListFlags(command).action(async (flags: ListFlags) => {
    const engine = await engineOf(command, context);
    const services = await listServices(engine, groupFilters(flags.filter), !flags.quiet);
    context.out.write(renderListing(SERVICE_LISTING, serviceRows(services), flags));
  });
}
