import { forEachName } from "../api/each.ts";
import { segment } from "../api/engine.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";

/** What `rm` removes. */
export interface Removable {
  /** Upper-case noun of the usage line: SERVICE. */
  readonly noun: string;
  /** Path of the collection: services. */
  readonly collection: string;
  readonly description: string;
}

/** `swarm <noun> rm NAME…` for objects that a plain DELETE removes. */
export function addRm(parent: SwarmCommand, context: Context, what: Removable): void {
  const command = parent
    .command("rm")
    .alias("remove")
    .description(what.description)
    .argument(what.noun)
    .argument(`[${what.noun}...]`);
  command.action(async (first: string, rest: readonly string[]) => {
    const engine = await engineOf(command, context);
    await forEachName([first, ...rest], context, async (name) => {
      await engine.request({ method: "DELETE", path: `/${what.collection}/${segment(name)}` });
      context.out.write(`${name}\n`);
    });
  });
}
