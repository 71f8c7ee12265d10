import { NodeSet } from "../scheduler/node-set.ts";
import { Pace } from "../scheduler/pace.ts";
import type { ControlModules } from "./context.ts";

/** A picture of the nodes of its own, but for those `without`. */
export async function pictureOf(
  { store, clock }: Pick<ControlModules, "store" | "clock">,
  without: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<NodeSet> {
  const nodes = new NodeSet();
  const pace = new Pace(clock);
  for (const node of store.view.node.all()) {
    if (!without.has(node.id)) nodes.putNode(node, store.view.task.by("node", node.id));
    if (pace.isOver(true)) await pace.pause();
    signal.throwIfAborted();
  }
  return nodes;
}
