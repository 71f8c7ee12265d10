import type { CaStore } from "../../ca/ca-store.ts";
import { SwarmError } from "../../lib/errors.ts";
import { Fanout } from "../../lib/watch.ts";
import type { Cluster, Node } from "../../proto/generated.ts";

/** A {@link CaStore} in memory, whose writes are done when they return. */
export class MemoryCaStore implements CaStore {
  readonly nodes = new Map<string, Node>();
  readonly #changes = new Fanout<Node>();
  #cluster: Cluster | null;

  constructor(cluster: Cluster | null) {
    this.#cluster = cluster;
  }

  cluster(): Cluster | null {
    return this.#cluster;
  }

  setCluster(cluster: Cluster): void {
    this.#cluster = cluster;
  }

  node(id: string): Node | null {
    return this.nodes.get(id) ?? null;
  }

  set(node: Node): void {
    this.nodes.set(node.id, node);
    this.#changes.publish(node);
  }

  createNode(node: Node): Promise<void> {
    if (this.nodes.has(node.id)) {
      return Promise.reject(new SwarmError("exists", `node ${node.id} exists`));
    }
    this.set(node);
    return Promise.resolve();
  }

  updateNode(id: string, change: (node: Node) => Node): Promise<void> {
    const node = this.nodes.get(id);
    if (!node) return Promise.reject(new SwarmError("not-found", `node ${id} not found`));
    const changed = change(node);
    if (changed !== node) this.set(changed);
    return Promise.resolve();
  }

  async *watchNodes(id: string | null, signal: AbortSignal): AsyncIterable<Node> {
    const changes = this.#changes.subscribe(signal);
    const stored = [...this.nodes.values()];
    try {
      for (const node of stored) if (id === null || id === node.id) yield node;
      for await (const node of changes) if (id === null || id === node.id) yield node;
    } finally {
      await changes.return?.();
    }
  }
}
