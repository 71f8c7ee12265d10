import type { DispatcherTimes } from "./options.ts";

/** How much longer than the last time a node may take: no two restarts are alike. */
const MARGIN_FACTOR = 2;

type GraceTimes = Pick<DispatcherTimes, "brokenStreamGraceMs" | "brokenStreamGraceMaxMs">;

/**
 * How long each node may take to come back after its connection broke: as long as for all, or twice
 * as long as it took the last time, up to a maximum. One that takes longer than that is not slow
 * but away, and teaches nothing. Pure; a new leader begins to learn anew.
 */
export class ReturnGrace {
  readonly #times: GraceTimes;
  /** When the connection broke of nodes that are not back. */
  readonly #leftAt = new Map<string, number>();
  /** How long slow nodes took the last time. */
  readonly #tookMs = new Map<string, number>();

  constructor(times: GraceTimes) {
    this.#times = times;
  }

  /** Notes that the node's connection broke; returns how long it may take to come back. */
  left(nodeId: string, now: number): number {
    this.#leftAt.set(nodeId, now);
    const { brokenStreamGraceMs, brokenStreamGraceMaxMs } = this.#times;
    const likely = (this.#tookMs.get(nodeId) ?? 0) * MARGIN_FACTOR;
    return Math.max(brokenStreamGraceMs, Math.min(likely, brokenStreamGraceMaxMs));
  }

  /** Notes that the node registers, whether or not it was away. */
  returned(nodeId: string, now: number): void {
    const leftAt = this.#leftAt.get(nodeId);
    if (leftAt === undefined) return;
    this.#leftAt.delete(nodeId);
    const took = now - leftAt;
    if (took <= this.#times.brokenStreamGraceMaxMs) this.#tookMs.set(nodeId, took);
  }

  /** The node is no member any more. */
  forget(nodeId: string): void {
    this.#leftAt.delete(nodeId);
    this.#tookMs.delete(nodeId);
  }
}
