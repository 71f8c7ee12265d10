import type { Platform } from "../../../proto/generated.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

/** Names of one architecture are the same one. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

const architecture = (name: string): string => ARCHITECTURES[name] ?? name;

/** Whether an image for `platforms` runs on `own`; a node that has not said so is not ruled out. */
function runsOn(platforms: readonly Platform[], own: Platform | null | undefined): boolean {
  if (!own) return true;
  return platforms.some(
    (wanted) =>
      (wanted.os === "" || wanted.os === own.os) &&
      (wanted.architecture === "" ||
        architecture(wanted.architecture) === architecture(own.architecture)),
  );
}

/** The image runs on the node's operating system and architecture. */
export const platformFilter: Filter = {
  name: "platform",
  about: "node",
  prepare(task) {
    const platforms = task.spec?.placement?.platforms ?? [];
    if (platforms.length === 0) return undefined;
    return ({ node }) => runsOn(platforms, node.description?.platform);
  },
  shortages(task, info) {
    const platforms = task.spec?.placement?.platforms ?? [];
    const own = info.node.description?.platform;
    if (platforms.length === 0 || runsOn(platforms, own)) return [];
    const text = (each: Platform): string => `${each.os || "any"}/${each.architecture || "any"}`;
    const needed = platforms.map(text).join(" or ");
    const available = own ? text(own) : "unknown";
    const change = `use an image that runs on ${available}, for node ${nameOf(info)}`;
    return [{ what: "platform", needed, available, change, cost: 2 }];
  },
  explain: (count) => `unsupported platform on ${nodes(count)}`,
};
