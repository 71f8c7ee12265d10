import { SwarmError } from "../../../lib/errors.ts";
import { forEachName } from "../../api/each.ts";
import type { Engine } from "../../api/engine.ts";
import { readModifyWrite } from "../../api/read-modify-write.ts";
import type { Service, ServiceMode } from "../../api/service-types.ts";
import { engineOf, UsageError, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { splitPair } from "../../flags/fields.ts";
import { boolFlag, parseUint } from "../../flags/option.ts";
import { watchService } from "../../progress/watch.ts";
import { readService, writeService } from "./read.ts";

/** `swarm service scale SERVICE=REPLICAS…`. */
export function addServiceScale(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("scale")
    .description("Scale one or multiple replicated services")
    .argument("SERVICE=REPLICAS")
    .argument("[SERVICE=REPLICAS...]");
  command
    .addOption(
      boolFlag("d,detach", "Exit immediately instead of waiting for the service to converge"),
    )
    .action(async (first: string, rest: string[], flags: { readonly detach?: boolean }) => {
      const wanted = new Map([first, ...rest].map((text) => parseScale(text, command)));
      const engine = await engineOf(command, context);
      const scaled: string[] = [];
      try {
        await forEachName([...wanted.keys()], context, async (name) => {
          const replicas = wanted.get(name) ?? 0;
          scaled.push(await readModifyWrite(() => scaleService(engine, name, replicas), context));
          context.out.write(`${name} scaled to ${replicas}\n`);
        });
      } finally {
        if (!flags.detach)
          for (const id of scaled) await watchService(engine, id, context, { isQuiet: false });
      }
    });
}

function parseScale(text: string, command: SwarmCommand): readonly [string, number] {
  const [name, count] = splitPair(text);
  if (name === "" || count === "")
    throw new UsageError(command, `invalid scale specifier '${text}': use SERVICE=REPLICAS`);
  try {
    return [name, parseUint(count)];
  } catch {
    throw new SwarmError(
      "invalid",
      `${name}: invalid replicas value ${count}: use a whole number, 0 or more`,
    );
  }
}

async function scaleService(engine: Engine, name: string, replicas: number): Promise<string> {
  const service = await readService(engine, name);
  await writeService(engine, service, {
    ...service.Spec,
    Mode: scaledMode(service, name, replicas),
  });
  return service.ID;
}

function scaledMode({ Spec: { Mode } }: Service, name: string, replicas: number): ServiceMode {
  if (Mode?.Replicated) return { Replicated: { Replicas: replicas } };
  if (Mode?.ReplicatedJob)
    return { ReplicatedJob: { ...Mode.ReplicatedJob, TotalCompletions: replicas } };
  throw new SwarmError(
    "invalid",
    `${name}: scale can only be used with replicated or replicated-job mode`,
  );
}
