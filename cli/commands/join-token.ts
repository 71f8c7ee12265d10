import { SwarmError } from "../../lib/errors.ts";
import { segment, type Engine } from "../api/engine.ts";
import type { Cluster, Info, Node } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { boolFlag } from "../flags/option.ts";
import { updateSwarm } from "./update.ts";

type Role = "worker" | "manager";

interface JoinTokenFlags {
  readonly quiet?: boolean;
  readonly rotate?: boolean;
}

/** `swarm join-token worker|manager`: shows, and on request renews, how nodes join. */
export function addJoinToken(parent: SwarmCommand, context: Context): void {
  const command = parent.command("join-token").description("Manage join tokens");
  command
    .argument("(worker|manager)")
    .addOption(boolFlag("q,quiet", "Only display token"))
    .addOption(boolFlag("rotate", "Rotate join token"))
    .action(async (role: string, flags: JoinTokenFlags) => {
      if (role !== "worker" && role !== "manager")
        throw new SwarmError("invalid", `unknown role "${role}": use worker or manager`);
      await runJoinToken(role, flags, await engineOf(command, context), context);
    });
}

async function runJoinToken(
  role: Role,
  flags: JoinTokenFlags,
  engine: Engine,
  context: Context,
): Promise<void> {
  if (flags.rotate) {
    await updateSwarm(engine, (spec) => spec, context, {
      rotateWorkerToken: role === "worker",
      rotateManagerToken: role === "manager",
    });
    if (!flags.quiet) context.out.write(`Successfully rotated ${role} join token.\n\n`);
  }
  const cluster = await engine.request<Cluster>({ method: "GET", path: "/swarm" });
  if (flags.quiet) {
    context.out.write(`${tokenOf(role, cluster)}\n`);
    return;
  }
  const info = await engine.request<Info>({ method: "GET", path: "/info" });
  const self = await engine.request<Node>({
    method: "GET",
    path: `/nodes/${segment(info.Swarm.NodeID)}`,
  });
  context.out.write(joinAdvice(role, cluster, self));
}

function tokenOf(role: Role, { JoinTokens }: Cluster): string {
  return (role === "worker" ? JoinTokens?.Worker : JoinTokens?.Manager) ?? "";
}

/** The command another node runs to join, as a paragraph. `manager` is a node that takes it in. */
export function joinAdvice(role: Role, cluster: Cluster, manager: Node): string {
  const addr = manager.ManagerStatus?.Addr ?? "";
  return (
    `To add a ${role} to this swarm, run the following command:\n\n` +
    `    swarm join --token ${tokenOf(role, cluster)} ${addr}\n\n`
  );
}
