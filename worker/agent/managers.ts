import { assert } from "../../lib/assert.ts";
import type { Random } from "../../lib/random.ts";

/** A manager that the agent may turn to. */
export interface WeightedManager {
  /** Control address, `host:port`. */
  readonly addr: string;
  /** Higher is preferred; the managers hand out 10. */
  readonly weight: number;
}

/** Weight of an address of which nothing is known but that it was given. */
const WEIGHT_DEFAULT = 10;
/** How far one success or failure moves a weight towards itself. */
const SMOOTHING = 0.5;
const OBSERVED_GOOD = 10;
const OBSERVED_BAD = -10;
/** A weight higher by so much makes a manager twice as likely. */
const WEIGHT_PER_DOUBLING = 5;

/**
 * The managers an agent knows, each with a weight that follows how calls to it went: one that works
 * is preferred, one that failed is tried less, none is ever given up.
 */
export class ManagerList {
  #weights: Map<string, number>;

  constructor(addrs: readonly string[]) {
    this.#weights = new Map(addrs.map((addr) => [addr, WEIGHT_DEFAULT]));
  }

  get addrs(): readonly string[] {
    return [...this.#weights.keys()];
  }

  /** A manager by chance, according to the weights; not `except` unless it is the only one. */
  pick(random: Random, except = ""): string {
    assert(this.#weights.size > 0, "an agent knows at least one manager");
    const others = [...this.#weights].filter(([addr]) => addr !== except);
    const choice = others.length > 0 ? others : [...this.#weights];
    const shares = choice.map(([, weight]) => 2 ** (weight / WEIGHT_PER_DOUBLING));
    let at = random.float() * shares.reduce((sum, share) => sum + share, 0);
    for (const [index, [addr]] of choice.entries()) {
      at -= shares[index] ?? 0;
      if (at < 0) return addr;
    }
    return choice[0]?.[0] ?? except;
  }

  /** Records how a session with the manager at `addr` went. */
  observe(addr: string, ok: boolean): void {
    const weight = this.#weights.get(addr);
    if (weight === undefined) return;
    const observed = ok ? OBSERVED_GOOD : OBSERVED_BAD;
    this.#weights.set(addr, SMOOTHING * observed + (1 - SMOOTHING) * weight);
  }

  /**
   * Takes over the list that the managers sent, keeping what was learnt of those still in it. An
   * empty list is ignored. Returns whether the set of addresses changed.
   */
  replace(managers: readonly WeightedManager[]): boolean {
    if (managers.length === 0) return false;
    const before = this.#weights;
    this.#weights = new Map(managers.map(({ addr, weight }) => [addr, before.get(addr) ?? weight]));
    return before.size !== this.#weights.size || managers.some(({ addr }) => !before.has(addr));
  }
}
