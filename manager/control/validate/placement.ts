import { PlacementStrategy, type Placement } from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";

const OPERATORS = ["==", "!="] as const;
const KEY = /^[a-z_][a-z0-9\-_.]+$/i;
const VALUE = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;

/** Checks the form of one `key==value` or `key!=value`; whether a node can match is not asked. */
export function checkConstraint(expression: string): void {
  const operator = OPERATORS.find((candidate) => expression.includes(candidate));
  if (!operator) throw invalid(`constraint expected one operator from ${OPERATORS.join(", ")}`);
  const at = expression.indexOf(operator);
  const key = expression.slice(0, at).trim();
  const value = expression.slice(at + operator.length).trim();
  if (!KEY.test(key)) throw invalid(`key '${key}' is invalid`);
  if (!VALUE.test(value)) throw invalid(`value '${value}' is invalid`);
}

/** Checks constraints, preferences, affinities and strategy. */
export function checkPlacement(placement: Placement | null): void {
  if (!placement) return;
  for (const constraint of placement.constraints) checkConstraint(constraint);
  checkEnum(placement.strategy, PlacementStrategy, "placement strategy");
  for (const { spreadDescriptor } of placement.preferences)
    if (spreadDescriptor === "") throw invalid("a spread preference needs a label");
  for (const { serviceLabel } of placement.affinities)
    if (serviceLabel === "" || serviceLabel.startsWith("="))
      throw invalid("an affinity needs a service label");
}
