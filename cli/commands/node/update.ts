import { SwarmError } from "../../../lib/errors.ts";
import { segment } from "../../api/engine.ts";
import { forEachName } from "../../api/each.ts";
import { readModifyWrite } from "../../api/read-modify-write.ts";
import type { NodeSpec } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { toMap } from "../../flags/fields.ts";
import { boolFlag, choiceFlag, listFlag } from "../../flags/option.ts";
import { readNode, writeNode } from "./read.ts";

interface NodeUpdateFlags {
  readonly availability?: string;
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
  readonly role?: string;
}

/** `swarm node update`. */
export function addNodeUpdate(parent: SwarmCommand, context: Context): void {
  const command = parent.command("update").description("Update a node").argument("NODE");
  command
    .addOption(
      choiceFlag("availability", 'Availability of the node ("active", "pause", "drain")', [
        "active",
        "pause",
        "drain",
      ]),
    )
    .addOption(listFlag("label-add", 'Add or update a node label ("key=value")'))
    .addOption(listFlag("label-rm", "Remove a node label if exists"))
    .addOption(choiceFlag("role", 'Role of the node ("worker", "manager")', ["worker", "manager"]))
    .action(async (name: string, flags: NodeUpdateFlags) => {
      const engine = await engineOf(command, context);
      await readModifyWrite(async () => {
        const node = await readNode(engine, name);
        await writeNode(engine, node, changeNode(node.Spec, flags));
      }, context);
      context.out.write(`${name}\n`);
    });
}

function changeNode(spec: NodeSpec, flags: NodeUpdateFlags): NodeSpec {
  const labels = { ...spec.Labels, ...toMap(flags.labelAdd ?? []) };
  for (const key of flags.labelRm ?? []) {
    if (!(key in labels))
      throw new SwarmError("not-found", `key ${key} doesn't exist in node's labels`);
    delete labels[key];
  }
  return {
    ...spec,
    Labels: labels,
    Role: flags.role ?? spec.Role,
    Availability: flags.availability ?? spec.Availability,
  };
}

/** `swarm node promote` and `swarm node demote`. */
export function addNodeRoleChange(
  parent: SwarmCommand,
  context: Context,
  verb: "promote" | "demote",
): void {
  const [role, description] =
    verb === "promote"
      ? (["manager", "Promote one or more nodes to manager in the swarm"] as const)
      : (["worker", "Demote one or more nodes from manager in the swarm"] as const);
  const command = parent
    .command(verb)
    .description(description)
    .argument("NODE")
    .argument("[NODE...]");
  command.action(async (first: string, rest: readonly string[]) => {
    const engine = await engineOf(command, context);
    await forEachName([first, ...rest], context, async (name) => {
      const isChanged = await readModifyWrite(async () => {
        const node = await readNode(engine, name);
        if (node.Spec.Role === role) return false;
        await writeNode(engine, node, { ...node.Spec, Role: role });
        return true;
      }, context);
      const done =
        verb === "promote"
          ? `Node ${name} promoted to a manager in the swarm.\n`
          : `Manager ${name} demoted in the swarm.\n`;
      context.out.write(isChanged ? done : `Node ${name} is already a ${role}.\n`);
    });
  });
}

/** `swarm node rm`. */
export function addNodeRm(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("rm")
    .alias("remove")
    .description("Remove one or more nodes from the swarm")
    .argument("NODE")
    .argument("[NODE...]");
  command
    .addOption(boolFlag("f,force", "Force remove a node from the swarm"))
    .action(async (first: string, rest: readonly string[], flags: { readonly force?: boolean }) => {
      const engine = await engineOf(command, context);
      await forEachName([first, ...rest], context, async (name) => {
        await engine.request({
          method: "DELETE",
          path: `/nodes/${segment(name)}`,
          query: { force: flags.force ? 1 : undefined },
        });
        context.out.write(`${name}\n`);
      });
    });
}
