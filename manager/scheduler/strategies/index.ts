import { PlacementStrategy } from "../../../proto/generated.ts";
import { binpack } from "./binpack.ts";
import { random } from "./random.ts";
import { spread } from "./spread.ts";
import type { Strategy } from "./strategy.ts";

const STRATEGIES: Readonly<Record<PlacementStrategy, Strategy | undefined>> = {
  [PlacementStrategy.DEFAULT]: undefined,
  [PlacementStrategy.SPREAD]: spread,
  [PlacementStrategy.BINPACK]: binpack,
  [PlacementStrategy.RANDOM]: random,
};

/** The service's own strategy, else the cluster's, else spread. */
export function strategyOf(own: PlacementStrategy, ofCluster: PlacementStrategy): Strategy {
  return STRATEGIES[own] ?? STRATEGIES[ofCluster] ?? spread;
}
