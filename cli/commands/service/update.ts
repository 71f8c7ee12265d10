import type { Engine } from "../../api/engine.ts";
import type { Service } from "../../api/service-types.ts";
import type { Network } from "../../api/types.ts";
import { segment } from "../../api/engine.ts";
import { readModifyWrite } from "../../api/read-modify-write.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { watchService } from "../../progress/watch.ts";
import type { UpdateFlags } from "../../spec/service-flags.ts";
import { updateServiceSpec, type UpdateLookups } from "../../spec/update.ts";
import { addSharedFlags, type RunFlags } from "./flags.ts";
import { fromEnvironment, resolveConfigs, resolveNetworks, resolveSecrets } from "./lookups.ts";
import { pinImage } from "./pin-image.ts";
import { printPlan } from "./plan.ts";
import { readService, writeService, type WriteOptions } from "./read.ts";
import { registryAuth } from "./registry-auth.ts";
import { addUpdateFlags } from "./update-flags.ts";

type AllFlags = UpdateFlags & RunFlags;

/** `swarm service update`. */
export function addServiceUpdate(parent: SwarmCommand, context: Context): void {
  const command = parent.command("update").description("Update a service").argument("SERVICE");
  addUpdateFlags(addSharedFlags(command)).action(async (name: string, flags: AllFlags) => {
    await runUpdate(name, flags, await engineOf(command, context), context);
  });
}

async function runUpdate(
  name: string,
  given: AllFlags,
  engine: Engine,
  context: Context,
): Promise<void> {
  const flags: AllFlags = {
    ...given,
    ...(given.envAdd
      ? { envAdd: given.envAdd.flatMap((item) => fromEnvironment(item, context)) }
      : {}),
  };
  if (flags.plan) {
    const service = await readService(engine, name);
    return printPlan(engine, await specOf(service, flags, engine, context), service.ID, context);
  }
  const id = await readModifyWrite(async () => {
    const service = await readService(engine, name);
    const warnings = flags.rollback
      ? await writeService(engine, service, service.Spec, { rollback: "previous" })
      : await change(service, flags, engine, context);
    for (const warning of warnings) context.err.write(`${warning}\n`);
    return service.ID;
  }, context);
  context.out.write(`${name}\n`);
  const options = { isQuiet: flags.quiet === true, isRollback: flags.rollback === true };
  if (!flags.detach) await watchService(engine, id, context, options);
}

async function change(
  service: Service,
  flags: AllFlags,
  engine: Engine,
  context: Context,
): Promise<readonly string[]> {
  const spec = await specOf(service, flags, engine, context);
  const options: WriteOptions = flags.withRegistryAuth
    ? { headers: await registryAuth(spec, context) }
    : { registryAuthFrom: "spec" };
  return writeService(engine, service, spec, options);
}

/** What the flags make of a service's spec. */
async function specOf(
  service: Service,
  flags: AllFlags,
  engine: Engine,
  context: Context,
): Promise<Service["Spec"]> {
  if (flags.rollback) return service.PreviousSpec ?? service.Spec;
  const updated = updateServiceSpec(service.Spec, flags, await readLookups(engine, flags));
  const isPinned = flags.image !== undefined && flags.resolveImage !== false;
  return pinImage(engine, updated, isPinned, context);
}

async function readLookups(engine: Engine, flags: UpdateFlags): Promise<UpdateLookups> {
  const [networksAdd, removed, secretsAdd, configsAdd] = await Promise.all([
    resolveNetworks(engine, flags.networkAdd),
    Promise.all((flags.networkRm ?? []).map((name) => networkIds(engine, name))),
    resolveSecrets(engine, flags.secretAdd),
    resolveConfigs(engine, flags.configAdd),
  ]);
  return { networksAdd, networksRm: removed.flat(), secretsAdd, configsAdd };
}

async function networkIds(engine: Engine, name: string): Promise<readonly string[]> {
  const network = await engine.request<Network>({
    method: "GET",
    path: `/networks/${segment(name)}`,
    query: { scope: "swarm" },
  });
  return [network.Id, network.Name];
}
