import { isSwarmError, messageOf } from "../../lib/errors.ts";
import { isLeadershipLoss } from "../store/store.ts";
import type { Transaction } from "../store/transaction.ts";
import type { Modules } from "./modules.ts";

/**
 * What a controller has to look at, by key. What a plan takes comes back when its transaction is
 * not applied, and what is added meanwhile stays for the next plan: nothing is lost or repeated.
 */
export class Backlog<V> implements Iterable<readonly [string, V]> {
  readonly #waiting = new Map<string, V>();
  readonly #taken = new Map<string, V>();

  get size(): number {
    return this.#waiting.size;
  }

  add(key: string, value: V): void {
    this.#waiting.set(key, value);
  }

  [Symbol.iterator](): Iterator<readonly [string, V]> {
    return this.#waiting[Symbol.iterator]();
  }

  /** Takes `key` out while its plan is being written; allowed during iteration. */
  take(key: string): void {
    const value = this.#waiting.get(key);
    if (value === undefined) return;
    this.#waiting.delete(key);
    this.#taken.set(key, value);
  }

  /**
   * Runs `plan` in a transaction, again whenever another one got in between, and writes it.
   * @returns false when it was refused for a reason that may pass.
   * @throws what ends the controller: the loss of leadership, or an error of the plan itself
   */
  async write(
    { store, log }: Pick<Modules, "store" | "log">,
    plan: (tx: Transaction) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await store.update((tx) => {
        this.#putBack();
        plan(tx);
      }, signal);
      this.#taken.clear();
      return true;
    } catch (error) {
      this.#putBack();
      if (signal.aborted || isLeadershipLoss(error) || !isSwarmError(error)) throw error;
      log.warn({ code: error.code, reason: messageOf(error) }, "plan refused");
      return false;
    }
  }

  #putBack(): void {
    for (const [key, value] of this.#taken)
      if (!this.#waiting.has(key)) this.#waiting.set(key, value);
    this.#taken.clear();
  }
}
