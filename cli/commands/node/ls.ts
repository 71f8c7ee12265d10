import { filtersQuery } from "../../api/engine.ts";
import type { Info, Node } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { groupFilters } from "../../flags/filter.ts";
import { addListFlags, type ListFlags } from "../../flags/list-options.ts";
import { renderListing } from "../../render/listing.ts";
import { NODE_LISTING, nodeRows } from "../../render/node-rows.ts";

/** `swarm node ls`. */
export function addNodeLs(parent: SwarmCommand, context: Context): void {
  const command = parent.command("ls").alias("list").description("List nodes in the swarm");
  addListFlags(command).action(async (flags: ListFlags) => {
    const engine = await engineOf(command, context);
    const nodes = await engine.request<Node[]>({
      method: "GET",
      path: "/nodes",
      query: { filters: filtersQuery(groupFilters(flags.filter)) },
    });
    const info = flags.quiet
      ? undefined
      : await engine.request<Info>({ method: "GET", path: "/info" });
    context.out.write(renderListing(NODE_LISTING, nodeRows(nodes, info?.Swarm), flags));
  });
}
