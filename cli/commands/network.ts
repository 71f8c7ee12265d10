import { forEachName } from "../api/each.ts";
import { filtersQuery, segment, type Engine } from "../api/engine.ts";
import { addInspectFlags, inspectEach, type InspectFlags } from "../api/inspect.ts";
import type { Network } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { groupFilters } from "../flags/filter.ts";
import { addListFlags, type ListFlags } from "../flags/list-options.ts";
import { boolFlag } from "../flags/option.ts";
import { renderListing } from "../render/listing.ts";
import { NETWORK_LISTING, networkRows } from "../render/network-rows.ts";
import { addNetworkCreate } from "./network-create.ts";

/** `swarm network …`. */
export function addNetworkCommands(root: SwarmCommand, context: Context): void {
  const network = root.group("network", "Manage networks");
  addNetworkCreate(network, context);
  addNetworkInspect(network, context);
  addNetworkLs(network, context);
  addNetworkRm(network, context);
}

function addNetworkLs(parent: SwarmCommand, context: Context): void {
  const command = parent.command("ls").alias("list").description("List networks");
  addListFlags(command, "Only display network IDs")
    .addOption(boolFlag("no-trunc", "Do not truncate the output"))
    .action(async (flags: ListFlags & { readonly trunc?: boolean }) => {
      const engine = await engineOf(command, context);
      const networks = await engine.request<Network[]>({
        method: "GET",
        path: "/networks",
        query: { filters: filtersQuery(groupFilters(flags.filter)) },
      });
      const rows = networkRows(networks, flags.trunc === false);
      context.out.write(renderListing(NETWORK_LISTING, rows, flags));
    });
}

function readNetwork(engine: Engine, name: string, verbose = false): Promise<Network> {
  return engine.request<Network>({
    method: "GET",
    path: `/networks/${segment(name)}`,
    query: { verbose: verbose ? true : undefined },
  });
}

function addNetworkInspect(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("inspect")
    .description("Display detailed information on one or more networks")
    .argument("NETWORK")
    .argument("[NETWORK...]");
  addInspectFlags(command, false)
    .addOption(boolFlag("v,verbose", "Verbose output for diagnostics"))
    .action(
      async (
        first: string,
        rest: readonly string[],
        flags: InspectFlags & { readonly verbose?: boolean },
      ) => {
        const engine = await engineOf(command, context);
        const read = (name: string): Promise<Network> => readNetwork(engine, name, flags.verbose);
        await inspectEach([first, ...rest], flags, { read }, context);
      },
    );
}

const INGRESS_WARNING =
  "WARNING! Before removing the routing-mesh network, make sure all the nodes in your swarm run " +
  "the same version. Services that publish ports lose them until there is a new one.\n" +
  "Are you sure you want to continue? [y/N] ";

function addNetworkRm(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("rm")
    .alias("remove")
    .description("Remove one or more networks")
    .argument("NETWORK")
    .argument("[NETWORK...]");
  command
    .addOption(boolFlag("f,force", "Do not error if the network does not exist"))
    .action(async (first: string, rest: readonly string[], flags: { readonly force?: boolean }) => {
      const engine = await engineOf(command, context);
      await forEachName([first, ...rest], context, async (name) => {
        const network = await readNetwork(engine, name).catch((error: unknown) => {
          if (flags.force) return undefined;
          throw error;
        });
        if (!network) return;
        if (network.Ingress) {
          const answer = await context.ask(INGRESS_WARNING, context.signal);
          if (!/^y(es)?$/i.test(answer.trim())) return;
        }
        await engine.request({ method: "DELETE", path: `/networks/${segment(network.Id)}` });
        context.out.write(`${name}\n`);
      });
    });
}
