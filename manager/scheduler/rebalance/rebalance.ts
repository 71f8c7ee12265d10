import type { Clock } from "../../../lib/clock.ts";
import type { Service, Task } from "../../../proto/generated.ts";
import type { Store } from "../../store/store.ts";
import { upToDate } from "../../store/up-to-date.ts";
import { defaultStrategyOf } from "../default-strategy.ts";
import { Pace } from "../pace.ts";
import { pictureOf } from "../picture.ts";
import { movableTasks } from "./candidates.ts";
import { planMoves, type Move, type MoveOptions } from "./plan-moves.ts";
import { requestMoves } from "./request-moves.ts";

/** Tasks marked in one transaction: what is applied in one go must not take long. */
const MOVES_PER_TRANSACTION_MAX = 128;

interface Modules {
  readonly store: Store;
  readonly clock: Clock;
}

/** Plans the moves that `services` gain from, on the picture as it is now. Writes nothing. */
export async function proposeMoves(
  modules: Modules,
  services: readonly Service[],
  options: Omit<MoveOptions, "defaultStrategy">,
  signal: AbortSignal,
): Promise<readonly Move[]> {
  const { store, clock } = modules;
  const { view } = store;
  const nodes = await pictureOf(modules, new Set(), signal);
  const isCurrent = upToDate(view);
  const pace = new Pace(clock);
  const movable: (readonly Task[])[] = [];
  for (const service of services) {
    movable.push(movableTasks(view, service, isCurrent));
    if (pace.isOver(true)) await pace.pause();
  }
  const moves: Move[] = [];
  const defaultStrategy = defaultStrategyOf(view);
  for (const move of planMoves(movable, nodes, { ...options, defaultStrategy })) {
    if (move) moves.push(move);
    if (pace.isOver(true)) await pace.pause();
    signal.throwIfAborted();
  }
  return moves;
}

/** Asks for `moves`; the orchestrator makes them. */
export async function writeMoves(
  { store, clock }: Modules,
  moves: readonly Move[],
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now();
  for (let at = 0; at < moves.length; at += MOVES_PER_TRANSACTION_MAX) {
    const some = moves.slice(at, at + MOVES_PER_TRANSACTION_MAX);
    await store.update((tx) => requestMoves(tx, some, now), signal);
  }
}
