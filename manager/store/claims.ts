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
  /** Leases held beside others who share them, but not beside one who holds it alone. */
  readonly shared: readonly string[];
  readonly references: readonly string[];
}

function taken(lease: string, holder: string): Refusal {
  return { code: "exists", message: `${lease} is already held by ${holder}` };
}

function add(sets: Map<string, Set<string>>, key: string, owner: string): void {
  const set = sets.get(key);
  if (set) set.add(owner);
  else sets.set(key, new Set([owner]));
}

function drop(sets: Map<string, Set<string>>, key: string, owner: string): void {
  const set = sets.get(key);
  set?.delete(owner);
  if (set?.size === 0) sets.delete(key);
}

/**
 * Who holds which lease and who refers to whom. Owners are `kind/id`. Kept beside the tables so
 * that a conflict is found when a transaction is applied, not when it is proposed (design §3.1).
 */
export class ClaimTable {
  readonly #holders = new Map<string, string>();
  readonly #sharers = new Map<string, Set<string>>();
  readonly #referrers = new Map<string, Set<string>>();

  /** Why the claims cannot be had: somebody else holds one of the leases. */
  conflict({ owner, leases, shared }: Claims): Refusal | undefined {
    for (const lease of leases) {
      const holder = this.#holderBeside(lease, owner) ?? this.#sharerBeside(lease, owner);
      if (holder !== undefined) return taken(lease, holder);
    }
    for (const lease of shared) {
      const holder = this.#holderBeside(lease, owner);
      if (holder !== undefined) return taken(lease, holder);
    }
    return undefined;
  }

  #holderBeside(lease: string, owner: string): string | undefined {
    const holder = this.#holders.get(lease);
    return holder === owner ? undefined : holder;
  }

  #sharerBeside(lease: string, owner: string): string | undefined {
    for (const sharer of this.#sharers.get(lease) ?? []) if (sharer !== owner) return sharer;
    return undefined;
  }

  /** Who refers to the object `target` (`kind/id`). */
  referrersOf(target: string): ReadonlySet<string> | undefined {
    return this.#referrers.get(target);
  }

  take(claims: Claims): void {
    for (const lease of claims.leases) this.#holders.set(lease, claims.owner);
    for (const lease of claims.shared) add(this.#sharers, lease, claims.owner);
    for (const target of claims.references) add(this.#referrers, target, claims.owner);
  }

  release(claims: Claims): void {
    for (const lease of claims.leases)
      if (this.#holders.get(lease) === claims.owner) this.#holders.delete(lease);
    for (const lease of claims.shared) drop(this.#sharers, lease, claims.owner);
    for (const target of claims.references) drop(this.#referrers, target, claims.owner);
  }
}
