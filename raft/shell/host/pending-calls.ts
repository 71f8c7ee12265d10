import { onAbort } from "../../../lib/abort.ts";

/** Promises of answers that come back by number. */
export class PendingCalls<T> {
  #nextId = 1;
  readonly #pending = new Map<
    number,
    { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void }
  >();

  /**
   * Sends a question with a fresh id; resolves or rejects with its answer. An abort of `signal`
   * gives up waiting, not the question.
   */
  start(send: (id: number) => void, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const id = this.#nextId++;
      let release: () => void = () => {};
      this.#pending.set(id, {
        resolve: (value) => {
          release();
          resolve(value);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      });
      if (signal) release = onAbort(signal, () => this.reject(id, signal.reason));
      try {
        send(id);
      } catch (error) {
        this.reject(id, error);
      }
    });
  }

  resolve(id: number, value: T): void {
    this.#take(id)?.resolve(value);
  }

  reject(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** Rejects everything that still waits. */
  abort(error: unknown): void {
    for (const id of this.#pending.keys()) this.reject(id, error);
  }

  #take(
    id: number,
  ):
    | { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void }
    | undefined {
    const found = this.#pending.get(id);
    this.#pending.delete(id);
    return found;
  }
}
