import type { Config } from "./config.ts";
import type { Acknowledgements } from "./quorum.ts";
import type { Tracker } from "./tracker.ts";
import type { Id } from "./types.ts";

/** Part of an election timeout by which clocks of two nodes may disagree within one timeout. */
const DRIFT_SHARE = 0.1;

/** From heartbeat round `first` on, rounds were sent at `at` or later. */
interface Mark {
  readonly first: number;
  readonly at: number;
}

/**
 * A leader's promise-backed licence to serve reads without asking (Raft §6.4.1): every voter that
 * answered a heartbeat refuses other candidates for an election timeout after it *received* that
 * heartbeat, hence certainly for that long after it was *sent*. So the lease counts from the send
 * times of the newest heartbeat that each voter of a quorum answered.
 *
 * A voter counts its timeout in ticks, and its first tick may follow a heartbeat at once: the
 * promise is worth one tick less than the timeout.
 */
export class Lease implements Acknowledgements {
  readonly #self: Id;
  readonly #tracker: Tracker;
  readonly #tickMs: number;
  readonly #durationMs: number;
  readonly #driftMs: number;
  readonly #marksMax: number;
  #marks: Mark[] = [];
  #now = -Infinity;
  #void = false;

  constructor(config: Config, tracker: Tracker) {
    this.#self = config.id;
    this.#tracker = tracker;
    this.#tickMs = config.tickMs;
    this.#driftMs = config.electionTicks * config.tickMs * DRIFT_SHARE;
    this.#durationMs = (config.electionTicks - 1) * config.tickMs - this.#driftMs;
    this.#marksMax = config.electionTicks * 2;
  }

  /**
   * Takes a clock sample. A gap far above a tick means that this process or its clock stood
   * still; what was promised before is then not relied on any more.
   */
  observe(now: number): void {
    if (now <= this.#now) return;
    if (now - this.#now > this.#tickMs + this.#driftMs) this.#forget();
    this.#now = now;
  }

  /** At the start of a leadership. */
  reset(): void {
    this.#forget();
    this.#void = false;
  }

  #forget(): void {
    this.#marks = [];
    for (const peer of this.#tracker.peers) peer.leaseStart = -Infinity;
  }

  /** From now on voters may be asked to break their promise (TimeoutNow): no lease any more. */
  void(): void {
    this.#void = true;
  }

  /** Heartbeat `round` is being sent. The last clock sample is early, which is the safe side. */
  sent(round: number): void {
    if (this.#marks.at(-1)?.at === this.#now) return;
    this.#marks.push({ first: round, at: this.#now });
    if (this.#marks.length > this.#marksMax) this.#marks.shift();
  }

  /** Peer `id` answered heartbeat `round`. */
  answered(id: Id, round: number): void {
    const peer = this.#tracker.progress(id);
    const mark = this.#marks.findLast(({ first }) => first <= round);
    if (peer && mark) peer.leaseStart = Math.max(peer.leaseStart, mark.at);
  }

  acked(id: Id): number {
    if (id === this.#self) return Infinity;
    return this.#tracker.progress(id)?.leaseStart ?? -Infinity;
  }

  /** Monotonic ms until which the lease holds; 0 when there is none. */
  get until(): number {
    if (this.#void) return 0;
    return Math.max(0, this.#tracker.reached(this) + this.#durationMs);
  }

  /** Whether a read may be served now, by the last clock sample. */
  get holds(): boolean {
    return this.#now < this.until;
  }
}
