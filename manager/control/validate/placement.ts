import { PlacementStrategy, type Placement } from "../../../proto/generated.ts";
import { parseConstraints } from "../../constraint/constraint.ts";
import { checkEnum, invalid } from "./check.ts";

/** Checks constraints, preferences, affinities and strategy. */
export function checkPlacement(placement: Placement | null): void {
  if (!placement) return;
  parseConstraints(placement.constraints);
  checkEnum(placement.strategy, PlacementStrategy, "placement strategy");
  for (const { spreadDescriptor } of placement.preferences)
    if (spreadDescriptor === "") throw invalid("a spread preference needs a label");
  for (const { serviceLabel } of placement.affinities)
    if (serviceLabel === "" || serviceLabel.startsWith("="))
      throw invalid("an affinity needs a service label");
}
