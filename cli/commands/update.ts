import type { Engine } from "../api/engine.ts";
import { readModifyWrite } from "../api/read-modify-write.ts";
import type { Cluster, SwarmSpec } from "../api/types.ts";
import { readUnlockKey, unlockAdvice } from "../api/unlock-key.ts";
import { engineOf, UsageError, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { addSwarmFlags, applySwarmFlags, hasSwarmFlags, type SwarmFlags } from "./swarm-flags.ts";

/** Secrets to renew together with an update. */
export interface Rotations {
  readonly rotateWorkerToken?: boolean;
  readonly rotateManagerToken?: boolean;
  readonly rotateManagerUnlockKey?: boolean;
}

/** Reads the swarm's spec, changes it and writes it back. */
export async function updateSwarm(
  engine: Engine,
  change: (spec: SwarmSpec) => SwarmSpec,
  context: Context,
  rotate: Rotations = {},
): Promise<void> {
  await readModifyWrite(() => updateOnce(engine, change, rotate), context);
}

async function updateOnce(
  engine: Engine,
  change: (spec: SwarmSpec) => SwarmSpec,
  rotate: Rotations,
): Promise<void> {
  const cluster = await engine.request<Cluster>({ method: "GET", path: "/swarm" });
  await engine.request({
    method: "POST",
    path: "/swarm/update",
    query: {
      version: cluster.Version.Index,
      rotateWorkerToken: rotate.rotateWorkerToken ?? false,
      rotateManagerToken: rotate.rotateManagerToken ?? false,
      rotateManagerUnlockKey: rotate.rotateManagerUnlockKey ?? false,
    },
    body: change(cluster.Spec),
  });
}

/** `swarm update`: changes the swarm's settings. */
export function addUpdate(parent: SwarmCommand, context: Context): void {
  const command = parent.command("update").description("Update the swarm");
  addSwarmFlags(command).action(async (flags: SwarmFlags) => {
    if (!hasSwarmFlags(flags)) throw new UsageError(command, "nothing to update: give a flag");
    const engine = await engineOf(command, context);
    await updateSwarm(engine, (spec) => applySwarmFlags(spec, flags), context);
    context.out.write("Swarm updated.\n");
    if (flags.autolock) context.out.write(unlockAdvice(await readUnlockKey(engine)));
  });
}
