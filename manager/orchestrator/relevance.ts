import { isDeepStrictEqual as same } from "node:util";
import { ChangeKind, TaskState, type Node } from "../../proto/generated.ts";
import type { StoreEvent } from "../store/tables.ts";
import { hasEnded, isDrained, isLost, stateOf, type NodeLookup } from "./task-state.ts";

/**
 * Whether a change of a task may change what is planned for its service. The steps on the way to
 * RUNNING do not, and RUNNING itself only where something waits for it: thousands of tasks take
 * them, and each would have the whole service planned again. That a task got a node matters where
 * the node cannot keep it.
 */
export function isTaskChange(
  { old, object: task, change }: StoreEvent & { readonly kind: "task" },
  awaitsRunning: boolean,
  node: NodeLookup,
): boolean {
  if (change === ChangeKind.REMOVE) return true;
  if (!old) return false;
  if (old.move?.requestedAtMs !== task.move?.requestedAtMs) return true;
  if (hasEnded(task)) return !hasEnded(old);
  if (old.nodeId !== task.nodeId) {
    const host = node(task.nodeId);
    if (isLost(host) || isDrained(host)) return true;
  }
  const runs = stateOf(task) === TaskState.RUNNING;
  return awaitsRunning && runs && stateOf(old) !== TaskState.RUNNING;
}

/** Whether a change of a node may change where tasks can be: heartbeats and addresses do not. */
export function isNodeChange(old: Node | undefined, node: Node, change: ChangeKind): boolean {
  if (change !== ChangeKind.UPDATE || !old) return true;
  return (
    old.status?.state !== node.status?.state ||
    old.role !== node.role ||
    !same(old.spec, node.spec) ||
    !same(old.description, node.description)
  );
}
