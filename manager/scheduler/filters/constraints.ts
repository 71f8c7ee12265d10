import { meetsConstraints, parseConstraints } from "../../constraint/constraint.ts";
import { nodes, type Filter } from "./filter.ts";

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
  explain: (count) => `scheduling constraints not satisfied on ${nodes(count)}`,
};
