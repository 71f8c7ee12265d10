import type { Engine } from "../api/engine.ts";
import type { Move, Moves } from "../api/move-types.ts";
import type { Context } from "../context.ts";
import { moveName } from "../render/move-rows.ts";
import { polls } from "./poll.ts";

const isOver = ({ State }: Move): boolean => State === "done" || State === "given-up";

function line(move: Move): string {
  const reason = move.Reason === "" ? "" : ` (${move.Reason})`;
  return `${moveName(move)}: ${move.FromHostname} -> ${move.ToHostname}: ${move.State}${reason}\n`;
}

/**
 * Follows `moves` until each is done or given up, and tells every change unless it is to be quiet.
 * @returns the moves as they ended; undefined at Ctrl-C, after a note: they go on by themselves
 */
export async function watchMoves(
  engine: Engine,
  moves: readonly Move[],
  context: Context,
  isQuiet: boolean,
): Promise<readonly Move[] | undefined> {
  const services = [...new Set(moves.map(({ ServiceID }) => ServiceID))].join(",");
  const read = (): Promise<Moves> =>
    engine.request<Moves>({ method: "GET", path: "/skep/v1/moves", query: { services } });
  let told: ReadonlyMap<string, string> = new Map();
  try {
    for await (const { Moves: seen } of polls(read, context)) {
      const latest = moves.map((move) => latestOf(move, seen));
      if (!isQuiet) told = tell(latest, told, context);
      if (latest.every(isOver)) return latest;
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.err.write('\nThe moves go on in the background. "swarm service ps" shows them.\n');
  }
  return undefined;
}

/** Writes the lines that are not as `told`. @returns every move's line, by its task */
function tell(
  moves: readonly Move[],
  told: ReadonlyMap<string, string>,
  { out }: Context,
): ReadonlyMap<string, string> {
  const lines = new Map(moves.map((move) => [move.TaskID, line(move)]));
  for (const [id, text] of lines) if (told.get(id) !== text) out.write(text);
  return lines;
}

/** The move as it is now. One that nothing is left of has come to an end. */
function latestOf(move: Move, seen: readonly Move[]): Move {
  const now = seen.find((each) => each.TaskID === move.TaskID);
  if (!now) return { ...move, State: "given-up", Reason: "the task is gone" };
  // What a forgotten task was called is still known from the beginning.
  return { ...now, FromHostname: now.FromHostname || move.FromHostname };
}
