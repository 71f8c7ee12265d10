import { PlacementStrategy } from "../../../proto/generated.ts";
import { binpack, binpackRank } from "./binpack.ts";
import { random, randomRank } from "./random.ts";
import { spread, spreadRank } from "./spread.ts";
import type { Rank, Strategy } from "./strategy.ts";

/** Every strategy. DEFAULT is what the cluster's default falls back to. */
export const STRATEGIES: Readonly<Record<PlacementStrategy, Strategy>> = {
  [PlacementStrategy.DEFAULT]: spread,
  [PlacementStrategy.SPREAD]: spread,
  [PlacementStrategy.BINPACK]: binpack,
  [PlacementStrategy.RANDOM]: random,
};

/** How each strategy ranks nodes when tasks that run may move. */
export const RANKS: Readonly<Record<PlacementStrategy, Rank>> = {
  [PlacementStrategy.DEFAULT]: spreadRank,
  [PlacementStrategy.SPREAD]: spreadRank,
  [PlacementStrategy.BINPACK]: binpackRank,
  [PlacementStrategy.RANDOM]: randomRank,
};
