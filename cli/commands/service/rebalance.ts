import { SwarmError } from "../../../lib/errors.ts";
import type { Engine } from "../../api/engine.ts";
import type { Move, Moves } from "../../api/move-types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { boolFlag, textFlag, uintFlag } from "../../flags/option.ts";
import { watchMoves } from "../../progress/moves.ts";
import { renderListing } from "../../render/listing.ts";
import { MOVE_LISTING, moveRows } from "../../render/move-rows.ts";
import { readService } from "./read.ts";

interface RebalanceFlags {
  readonly detach?: boolean;
  readonly dryRun?: boolean;
  readonly format?: string;
  readonly maxMoves?: number;
  readonly quiet?: boolean;
}

/** `swarm service rebalance [SERVICE…]`. */
export function addServiceRebalance(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("rebalance")
    .description("Move tasks to where their services would be placed now")
    .argument("[SERVICE...]")
    .addOption(boolFlag("d,detach", "Exit immediately instead of waiting for the moves"))
    .addOption(boolFlag("dry-run", "Print what would be moved, and move nothing"))
    .addOption(textFlag("format", "'table', 'table TEMPLATE', 'json', or a Go template for each"))
    .addOption(uintFlag("max-moves", "Move so many tasks at most (default: all that gain)"))
    .addOption(boolFlag("q,quiet", "Only display task IDs; no progress")) as SwarmCommand;
  command.action(async (names: readonly string[], flags: RebalanceFlags) => {
    const engine = await engineOf(command, context);
    const services: string[] = [];
    for (const name of names) services.push((await readService(engine, name)).ID);
    const moves = await askFor(engine, services, flags);
    if (flags.dryRun || flags.detach || moves.length === 0) print(moves, flags, context);
    else await follow(engine, moves, flags, context);
  });
}

async function askFor(
  engine: Engine,
  services: readonly string[],
  flags: RebalanceFlags,
): Promise<readonly Move[]> {
  const path = "/skep/v1/services/rebalance";
  const { dryRun = false, maxMoves = 0 } = flags;
  const body = { Services: services, MaxMoves: maxMoves, DryRun: dryRun };
  return (await engine.request<Moves>({ method: "POST", path, body })).Moves;
}

const isPlain = ({ format, quiet }: RebalanceFlags): boolean => !format && !quiet;

function print(moves: readonly Move[], flags: RebalanceFlags, context: Context): void {
  if (moves.length === 0 && isPlain(flags)) context.out.write("Nothing to move.\n");
  else context.out.write(renderListing(MOVE_LISTING, moveRows(moves), flags));
  if (flags.dryRun && isPlain(flags)) context.out.write("\nNothing was changed.\n");
}

async function follow(
  engine: Engine,
  moves: readonly Move[],
  flags: RebalanceFlags,
  context: Context,
): Promise<void> {
  const ended = await watchMoves(engine, moves, context, !isPlain(flags));
  if (!ended) return;
  const done = ended.filter(({ State }) => State === "done").length;
  if (!isPlain(flags)) print(ended, flags, context);
  else if (done > 0) context.out.write(`${done} of ${ended.length} tasks moved.\n`);
  if (done < ended.length)
    throw new SwarmError(
      "failed-precondition",
      `${ended.length - done} of ${ended.length} tasks stay where they are`,
    );
}
