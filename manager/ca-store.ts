import type { CaStore } from "../ca/ca-store.ts";
import { SwarmError } from "../lib/errors.ts";
import { ChangeKind, type Cluster, type Node } from "../proto/generated.ts";
import type { Store } from "./store/store.ts";

/** The certificate authority's window on the store. */
export class StoreOfCa implements CaStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  cluster(): Cluster | null {
    const [cluster] = this.#store.view.cluster.all();
    return cluster ?? null;
  }

  node(id: string): Node | null {
    return this.#store.view.node.get(id) ?? null;
  }

  createNode(node: Node, signal: AbortSignal): Promise<void> {
    return this.#store.update((tx) => tx.create("node", node), signal);
  }

  updateNode(id: string, change: (node: Node) => Node, signal: AbortSignal): Promise<void> {
    return this.#store.update((tx) => {
      const node = tx.view.node.get(id);
      if (!node) throw new SwarmError("not-found", `node ${id} not found`);
      const changed = change(node);
      if (changed !== node) tx.update("node", changed);
    }, signal);
  }

  async *watchNodes(id: string | null, signal: AbortSignal): AsyncIterable<Node> {
    const commits = this.#store.watch(signal);
    const { node } = this.#store.view;
    yield* id === null ? [...node.all()] : [node.get(id)].filter((found) => found !== undefined);
    for await (const { events } of commits) {
      for (const event of events) {
        if (event.kind !== "node" || event.change === ChangeKind.REMOVE) continue;
        if (id === null || event.object.id === id) yield event.object;
      }
    }
  }
}
