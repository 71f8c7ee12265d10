import type { NodeLoss } from "../../api/forecast-types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { answerFlag, printAnswer, type AnswerFlags } from "../../flags/answer.ts";
import { whatIfText } from "../../render/forecast-text.ts";
import { readNode } from "./read.ts";

interface WhatIfFlags extends AnswerFlags {
  readonly down: readonly string[];
}

/** `swarm node what-if --down NODE...`. */
export function addNodeWhatIf(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("what-if")
    .description("Tell which services survive that nodes go down")
    .requiredOption("--down <node...>", "Nodes that go down")
    .addOption(answerFlag()) as SwarmCommand;
  command.action(async ({ down, ...flags }: WhatIfFlags) => {
    const engine = await engineOf(command, context);
    const ids: string[] = [];
    for (const name of down) ids.push((await readNode(engine, name)).ID);
    const query = { down: ids.join(",") };
    const path = "/skep/v1/nodes/what-if";
    const loss = await engine.request<NodeLoss>({ method: "GET", path, query });
    printAnswer(loss, flags, whatIfText, context);
  });
}
