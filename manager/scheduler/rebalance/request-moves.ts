import { make } from "../../../proto/codec.ts";
import type { Transaction } from "../../store/transaction.ts";
import { isMovable } from "./candidates.ts";
import type { Move } from "./plan-moves.ts";

/**
 * Asks for moves, of tasks that may still be moved: the only writer of `task.move`. The
 * orchestrator does the rest.
 */
export function requestMoves(tx: Transaction, moves: readonly Move[], nowMs: number): void {
  for (const { task, toNodeId } of moves) {
    const current = tx.view.task.get(task.id);
    const service = tx.view.service.get(task.serviceId);
    if (!current || !service || current.nodeId !== task.nodeId) continue;
    if (!isMovable(current, service)) continue;
    const move = make("TaskMove", { nodeId: toNodeId, requestedAtMs: requestTime(current, nowMs) });
    tx.update("task", { ...current, move });
  }
}

/** The time of a request names it: no two of one task share it. */
function requestTime(
  { move }: { readonly move: { readonly requestedAtMs: number } | null },
  nowMs: number,
): number {
  return Math.max(nowMs, (move?.requestedAtMs ?? 0) + 1);
}
