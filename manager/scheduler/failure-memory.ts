/** Early failures of one service version on a node count for this long, milliseconds. */
export const FAILURE_WINDOW_MS = 5 * 60_000;

/** So many failures within the window put a node behind all others. */
export const FAILURES_MAX = 5;

/** When tasks failed on one node, by group, as far back as that matters. */
export class FailureMemory {
  readonly #failures = new Map<string, number[]>();

  /** Notes that a task of the group failed. */
  note(group: string, nowMs: number): void {
    const recent = this.#failures.get(group)?.filter((at) => nowMs - at < FAILURE_WINDOW_MS) ?? [];
    recent.push(nowMs);
    this.#failures.set(group, recent);
  }

  /** Recent failures of the group when there were so many that they matter, else 0. */
  of(group: string, nowMs: number): number {
    if (this.#failures.size === 0) return 0;
    const known = this.#failures.get(group);
    if (!known) return 0;
    const recent = known.filter((at) => nowMs - at < FAILURE_WINDOW_MS);
    if (recent.length === 0) this.#failures.delete(group);
    return recent.length >= FAILURES_MAX ? recent.length : 0;
  }
}
