import type { Clock } from "../../lib/clock.ts";
import type { Store } from "../store/store.ts";
import { factsOf } from "./cluster-facts.ts";
import { NodeSet } from "./node-set.ts";
import { Pace } from "./pace.ts";

/** A picture of the nodes, but for those `without`, that its owner may change at will. */
export async function pictureOf(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  without: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<NodeSet> {
  const nodes = new NodeSet(factsOf(store.view));
  const pace = new Pace(clock);
  for (const node of store.view.node.all()) {
    if (!without.has(node.id)) nodes.putNode(node, store.view.task.by("node", node.id));
    if (pace.isOver(true)) await pace.pause();
    signal.throwIfAborted();
  }
  return nodes;
}
