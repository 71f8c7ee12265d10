import { SwarmError } from "../../lib/errors.ts";
import type { Info } from "../api/types.ts";
import { readUnlockKey, unlockAdvice } from "../api/unlock-key.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { boolFlag } from "../flags/option.ts";
import { updateSwarm } from "./update.ts";

/** `swarm unlock-key`: shows, and on request renews, the key of an autolocked swarm. */
export function addUnlockKey(parent: SwarmCommand, context: Context): void {
  const command = parent.command("unlock-key").description("Manage the unlock key");
  command
    .addOption(boolFlag("q,quiet", "Only display token"))
    .addOption(boolFlag("rotate", "Rotate unlock key"))
    .action(async (flags: { readonly quiet?: boolean; readonly rotate?: boolean }) => {
      const engine = await engineOf(command, context);
      if (flags.rotate) {
        await updateSwarm(engine, (spec) => spec, context, { rotateManagerUnlockKey: true });
        if (!flags.quiet) context.out.write("Successfully rotated manager unlock key.\n\n");
      }
      const key = await readUnlockKey(engine);
      if (key === "")
        throw new SwarmError(
          "failed-precondition",
          'no unlock key is set: turn autolock on with "swarm update --autolock"',
        );
      context.out.write(flags.quiet ? `${key}\n` : unlockAdvice(key));
    });
}

/** `swarm unlock`: gives a locked manager its key. */
export function addUnlock(parent: SwarmCommand, context: Context): void {
  const command = parent.command("unlock").description("Unlock swarm");
  command.action(async () => {
    const engine = await engineOf(command, context);
    const { Swarm } = await engine.request<Info>({ method: "GET", path: "/info" });
    if (Swarm.LocalNodeState === "inactive")
      throw new SwarmError("failed-precondition", "this node is not part of a swarm");
    if (Swarm.LocalNodeState !== "locked")
      throw new SwarmError("failed-precondition", "swarm is not locked");
    const key = await context.ask("Enter unlock key: ", context.signal);
    await engine.request({
      method: "POST",
      path: "/swarm/unlock",
      body: { UnlockKey: key.trim() },
    });
  });
}
