import { onAbort } from "./abort.ts";
import { SwarmError } from "./errors.ts";

/** How many items a subscriber may lag behind before it is cut off. */
const WATCH_BUFFER_MAX = 65_536;

/** One reader's end of a {@link Fanout}: an async iterable with a bounded buffer. */
class Subscription<T> implements AsyncIterableIterator<T> {
  #buffer: T[] = [];
  #head = 0;
  #wake: (() => void) | undefined;
  #ended: { readonly error: unknown } | undefined;
  readonly #limit: number;
  readonly #close: () => void;

  constructor(limit: number, close: () => void) {
    this.#limit = limit;
    this.#close = close;
  }

  push(item: T): void {
    if (this.#ended) return;
    if (this.#buffer.length - this.#head >= this.#limit) {
      this.#buffer = [];
      this.#head = 0;
      this.end(new SwarmError("lagged", `watcher fell ${this.#limit} items behind`));
      return;
    }
    this.#buffer.push(item);
    this.#wake?.();
  }

  end(error: unknown): void {
    this.#ended ??= { error };
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      if (this.#head < this.#buffer.length) {
        const value = this.#buffer[this.#head++] as T;
        if (this.#head === this.#buffer.length) {
          this.#buffer = [];
          this.#head = 0;
        }
        return { done: false, value };
      }
      if (this.#ended) {
        this.#close();
        throw this.#ended.error;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  return(): Promise<IteratorResult<T>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * In-process publish/subscribe. Every subscriber sees every item published after it subscribed, in
 * order; one that falls behind its bound gets a `lagged` error instead of silent loss.
 */
export class Fanout<T> {
  readonly #subscriptions = new Set<Subscription<T>>();

  /** How many subscribers there are. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** Hands `item` to every subscriber; never blocks. */
  publish(item: T): void {
    for (const subscription of this.#subscriptions) subscription.push(item);
  }

  /** Ends every subscription with `error` after what was already published. */
  end(error: unknown): void {
    for (const subscription of this.#subscriptions) subscription.end(error);
  }

  /**
   * Starts buffering now; iterate to read. Ends with the signal's reason when `signal` aborts (the
   * iterator throws), or quietly when the loop is left.
   */
  subscribe(signal: AbortSignal, limit = WATCH_BUFFER_MAX): AsyncIterableIterator<T> {
    let release: () => void = () => {};
    const subscription = new Subscription<T>(limit, () => {
      release();
      this.#subscriptions.delete(subscription);
    });
    this.#subscriptions.add(subscription);
    release = onAbort(signal, () => subscription.end(signal.reason));
    return subscription;
  }
}
