import type { Engine } from "../../api/engine.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { choiceFlag, listFlag, repeatedFlag, textFlag } from "../../flags/option.ts";
import { parseMount } from "../../flags/mount.ts";
import { parsePublish } from "../../flags/port.ts";
import {
  parseCapability,
  parseFileReference,
  parseGenericResource,
  parseHostMapping,
  parseNetwork,
  parsePlacementPreference,
  parseUlimit,
} from "../../flags/references.ts";
import { watchService } from "../../progress/watch.ts";
import { buildServiceSpec } from "../../spec/create.ts";
import type { CreateFlags } from "../../spec/service-flags.ts";
import { addSharedFlags, type RunFlags } from "./flags.ts";
import { pinImage } from "./pin-image.ts";
import {
  fromEnvironment,
  readEnvFiles,
  resolveConfigs,
  resolveNetworks,
  resolveSecrets,
} from "./lookups.ts";
import { printPlan } from "./plan.ts";
import { registryAuth } from "./registry-auth.ts";

type AllFlags = CreateFlags & RunFlags;

/** `swarm service create IMAGE [COMMAND] [ARG...]`. */
export function addServiceCreate(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("create")
    .description("Create a new service")
    .argument("IMAGE")
    .argument("[COMMAND]")
    .argument("[ARG...]")
    .passThroughOptions();
  addListFlags(addSharedFlags(command))
    .addOption(
      choiceFlag(
        "mode",
        'Service mode ("replicated", "global", "replicated-job", "global-job") ' +
          '(default "replicated")',
        ["replicated", "global", "replicated-job", "global-job"],
      ),
    )
    .addOption(textFlag("name", "Service name"))
    .addOption(
      choiceFlag(
        "runtime",
        "What runs the tasks: container, or process (no image: -- COMMAND [ARG...]) " +
          "(default container)",
        ["container", "process"],
      ),
    )
    .action(async (image: string, first: string | undefined, rest: string[], flags: AllFlags) => {
      const operands = [image, first, ...rest].filter((operand) => operand !== undefined);
      await runCreate(operands, flags, await engineOf(command, context), context);
    });
}

function addListFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(repeatedFlag("cap-add", "list", "Add Linux capabilities", parseCapability))
    .addOption(repeatedFlag("cap-drop", "list", "Drop Linux capabilities", parseCapability))
    .addOption(
      repeatedFlag(
        "config",
        "config",
        "Specify configurations to expose to the service",
        parseFileReference,
      ),
    )
    .addOption(listFlag("constraint", "Placement constraints"))
    .addOption(listFlag("container-label", "Container labels"))
    .addOption(listFlag("dns", "Set custom DNS servers"))
    .addOption(listFlag("dns-option", "Set DNS options"))
    .addOption(listFlag("dns-search", "Set custom DNS search domains"))
    .addOption(listFlag("e,env", "Set environment variables"))
    .addOption(listFlag("env-file", "Read in a file of environment variables"))
    .addOption(
      repeatedFlag("generic-resource", "list", "User defined resources", parseGenericResource),
    )
    .addOption(listFlag("group", "Set one or more supplementary user groups for the container"))
    .addOption(
      repeatedFlag("host", "list", "Set custom host-to-IP mappings (host:ip)", parseHostMapping),
    )
    .addOption(listFlag("l,label", "Service labels"))
    .addOption(
      repeatedFlag("mount", "mount", "Attach a filesystem mount to the service", parseMount),
    )
    .addOption(repeatedFlag("network", "network", "Network attachments", parseNetwork))
    .addOption(
      repeatedFlag(
        "placement-pref",
        "pref",
        "Add a placement preference",
        parsePlacementPreference,
      ),
    )
    .addOption(repeatedFlag("p,publish", "port", "Publish a port as a node port", parsePublish))
    .addOption(
      repeatedFlag(
        "secret",
        "secret",
        "Specify secrets to expose to the service",
        parseFileReference,
      ),
    )
    .addOption(listFlag("sysctl", "Sysctl options"))
    .addOption(repeatedFlag("ulimit", "ulimit", "Ulimit options", parseUlimit)) as SwarmCommand;
}

async function runCreate(
  operands: readonly string[],
  given: AllFlags,
  engine: Engine,
  context: Context,
): Promise<void> {
  const flags = { ...given, env: given.env?.flatMap((item) => fromEnvironment(item, context)) };
  const fileEnv = await readEnvFiles(flags.envFile, context);
  // Flags that make no sense together are refused before the engine is asked anything.
  buildServiceSpec(flags as CreateFlags, operands, {
    networks: [],
    secrets: [],
    configs: [],
    fileEnv,
  });
  const [networks, secrets, configs] = await Promise.all([
    resolveNetworks(engine, flags.network),
    resolveSecrets(engine, flags.secret),
    resolveConfigs(engine, flags.config),
  ]);
  const lookups = { networks, secrets, configs, fileEnv };
  const spec = await pinImage(
    engine,
    buildServiceSpec(flags as CreateFlags, operands, lookups),
    flags.resolveImage !== false,
    context,
  );
  if (flags.plan) return printPlan(engine, spec, undefined, context);
  const { ID, Warnings } = await engine.request<{ ID: string; Warnings?: string[] | null }>({
    method: "POST",
    path: "/services/create",
    body: spec,
    headers: flags.withRegistryAuth ? await registryAuth(spec, context) : {},
  });
  for (const warning of Warnings ?? []) context.err.write(`${warning}\n`);
  context.out.write(`${ID}\n`);
  if (!flags.detach) await watchService(engine, ID, context, { isQuiet: flags.quiet === true });
}
