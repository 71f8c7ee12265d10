import type { ErrorCode } from "../../lib/errors.ts";

/** Why a change was refused, as data: the same on every manager. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What an object claims: leases of its own and objects it refers to. */
export interface Claims {
  readonly owner: string;
  readonly leases: readonly string[];
  readonly references: readonly string[];
}

/**
 * Who holds which lease and who refers to whom. Owners are `kind/id`. Kept beside the tables so
 * that a conflict is found when a transaction is applied, not when it is proposed (design §3.1).
 */
export class ClaimTable {
  readonly #holders = new Map<string, string>();
  readonly #referrers = new Map<string, Set<string>>();

  /** The holder of `lease` other than `owner`. */
  conflict(claims: Claims): Refusal | undefined {
    for (const lease of claims.leases) {
      const holder = this.#holders.get(lease);
      if (holder !== undefined && holder !== claims.owner)
        return { code: "exists", message: `${lease} is already held by ${holder}` };
    }
    return undefined;
  }

  /** Who refers to the object `target` (`kind/id`). */
  referrersOf(target: string): ReadonlySet<string> | undefined {
    return this.#referrers.get(target);
  }

  take(claims: Claims): void {
    for (const lease of claims.leases) this.#holders.set(lease, claims.owner);
    for (const target of claims.references) {
      const set = this.#referrers.get(target);
      if (set) set.add(claims.owner);
      else this.#referrers.set(target, new Set([claims.owner]));
    }
  }

  release(claims: Claims): void {
    for (const lease of claims.leases)
      if (this.#holders.get(lease) === claims.owner) this.#holders.delete(lease);
    for (const target of claims.references) {
      const set = this.#referrers.get(target);
      set?.delete(claims.owner);
      if (set?.size === 0) this.#referrers.delete(target);
    }
  }
}
