import { PlacementStrategy } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";

/** The strategy of services that name none. */
export function defaultStrategyOf(view: StoreView): PlacementStrategy {
  const [cluster] = view.cluster.all();
  return cluster?.spec?.taskDefaults?.strategy ?? PlacementStrategy.DEFAULT;
}
