import type { Cluster, Node } from "../proto/generated.ts";

/**
 * What the CA needs of the cluster's state. Managers implement it on their store; `ca/` knows of no
 * store. Certificates live in `Node.certificate`, the root and the tokens in `Cluster.rootCa`.
 */
export interface CaStore {
  /** The cluster object as this manager sees it; null before the first leader wrote it. */
  cluster(): Cluster | null;

  /** A node object as this manager sees it, or null. */
  node(id: string): Node | null;

  /** Stores a new node; `meta` is filled in. Throws `exists` when the id is taken. */
  createNode(node: Node, signal: AbortSignal): Promise<void>;

  /**
   * Stores what `change` makes of the node as it is now, again when another writer came between.
   * `change` is pure, and gives back the node it got when nothing is to do. Throws `not-found`.
   */
  updateNode(id: string, change: (node: Node) => Node, signal: AbortSignal): Promise<void>;

  /**
   * First every node stored now (only the one with `id` when it is given), then each of them again
   * whenever it is created or changed. Ends by throwing: the signal's reason when aborted, `lagged`
   * when the reader was too slow.
   */
  watchNodes(id: string | null, signal: AbortSignal): AsyncIterable<Node>;
}
