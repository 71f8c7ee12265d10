import { PlacementStrategy } from "../../../proto/generated.ts";
import { binpack } from "./binpack.ts";
import { random } from "./random.ts";
import { spread } from "./spread.ts";
import type { Strategy } from "./strategy.ts";

/** Every strategy. DEFAULT is what the cluster's default falls back to. */
export const STRATEGIES: Readonly<Record<PlacementStrategy, Strategy>> = {
  [PlacementStrategy.DEFAULT]: spread,
  [PlacementStrategy.SPREAD]: spread,
  [PlacementStrategy.BINPACK]: binpack,
  [PlacementStrategy.RANDOM]: random,
};
