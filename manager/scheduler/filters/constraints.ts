import { attributeOf, textCheck } from "../../constraint/constraint.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter, type Shortage } from "./filter.ts";

/** The placement constraints hold. */
export const constraintFilter: Filter = {
  name: "constraints",
  about: "node",
  prepare(task) {
    const texts = task.spec?.placement?.constraints ?? [];
    if (texts.length === 0) return undefined;
    const checks = texts.map(textCheck);
    return (info) => checks.every((check) => check(info.node));
  },
  shortages: (task, info) =>
    (task.spec?.placement?.constraints ?? [])
      .filter((text) => !textCheck(text)(info.node))
      .map((text) => unmet(text, info)),
  explain: (count) => `scheduling constraints not satisfied on ${nodes(count)}`,
};

function unmet(text: string, info: NodeInfo): Shortage {
  const [, key = text, operator, value = ""] = /^(.*?)\s*([=!]=)\s*(.*)$/s.exec(text.trim()) ?? [];
  const name = nameOf(info);
  const label = /^node\.labels\.(.+)$/i.exec(key)?.[1];
  const needed = `${key}${operator ?? ""}${value}`;
  const attribute = attributeOf(info.node, key);
  const available = attribute === "" ? "none" : (attribute ?? "no such attribute");
  const change =
    label === undefined
      ? `drop the constraint ${needed}, for node ${name}`
      : operator === "=="
        ? `set label ${label}=${value} on node ${name} (swarm node update --label-add ${label}=${value} ${name})`
        : `change label ${label} on node ${name}`;
  return { what: "constraint", needed, available, change, cost: label ? 1 : 2 };
}
