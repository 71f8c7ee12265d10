import type { NodeLoss } from "../../api/forecast-types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { whatIfText } from "../../render/forecast-text.ts";
import { readNode } from "./read.ts";

/** `swarm node what-if --down NODE...`. */
export function addNodeWhatIf(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("what-if")
    .description("Tell which services survive that nodes go down")
    .requiredOption("--down <node...>", "Nodes that go down");
  command.action(async ({ down }: { readonly down: readonly string[] }) => {
    const engine = await engineOf(command, context);
    const ids: string[] = [];
    for (const name of down) ids.push((await readNode(engine, name)).ID);
    const query = { down: ids.join(",") };
    const path = "/skep/v1/nodes/what-if";
    context.out.write(whatIfText(await engine.request<NodeLoss>({ method: "GET", path, query })));
  });
}
