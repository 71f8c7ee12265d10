import { cancelled, linked, type Linked } from "./abort.ts";

/**
 * Structured concurrency: children run under one signal; the first failure aborts the siblings,
 * and `close` waits for all of them. No promise outlives its scope.
 */
export class Scope {
  readonly #link: Linked;
  readonly #children = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(parent: AbortSignal) {
    this.#link = linked(parent);
  }

  /** Aborts when the parent does, when a child fails, or when the scope is closed. */
  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /**
   * Starts `child`. An error it throws while the scope is live is the scope's failure; after the
   * scope was aborted, children may end with any error.
   */
  run(child: (signal: AbortSignal) => Promise<void>): void {
    const promise = (async () => {
      try {
        await child(this.signal);
      } catch (error) {
        if (this.signal.aborted) return;
        this.#failure ??= { error };
        this.#link.abort(error);
      }
    })();
    this.#children.add(promise);
    void promise.finally(() => this.#children.delete(promise));
  }

  /** Resolves when every child has ended by itself; throws the first failure. */
  async join(): Promise<void> {
    while (this.#children.size > 0) await Promise.all(this.#children);
    this.#link[Symbol.dispose]();
    if (this.#failure) throw this.#failure.error;
  }

  /** Aborts every child and waits for all; throws the first failure that came before. */
  async close(reason: unknown = cancelled("scope closed")): Promise<void> {
    this.#link.abort(reason);
    await this.join();
  }
}
