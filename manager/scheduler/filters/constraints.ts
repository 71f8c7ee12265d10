import {
  attributeOf,
  meetsConstraint,
  meetsConstraints,
  parseConstraints,
  type Constraint,
} from "../../constraint/constraint.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter, type Shortage } from "./filter.ts";

/** The placement constraints hold. */
export const constraintFilter: Filter = {
  name: "constraints",
  about: "node",
  prepare(task) {
    const texts = task.spec?.placement?.constraints ?? [];
    if (texts.length === 0) return undefined;
    const constraints = parseConstraints(texts);
    return (info) => meetsConstraints(info.node, constraints);
  },
  shortages: (task, info) =>
    parseConstraints(task.spec?.placement?.constraints ?? [])
      .filter((constraint) => !meetsConstraint(info.node, constraint))
      .map((constraint) => unmet(constraint, info)),
  explain: (count) => `scheduling constraints not satisfied on ${nodes(count)}`,
};

function unmet({ key, equal, value }: Constraint, info: NodeInfo): Shortage {
  const name = nameOf(info);
  const label = /^node\.labels\.(.+)$/i.exec(key)?.[1];
  const needed = `${key}${equal ? "==" : "!="}${value}`;
  const shown = attributeOf(info.node, key) ?? "no such attribute";
  const change =
    label === undefined
      ? `drop the constraint ${needed}, for node ${name}`
      : `${equal ? `set label ${label}=${value}` : `change label ${label}`} on node ${name}`;
  return { what: "constraint", needed, available: shown, change, cost: label ? 1 : 2 };
}
