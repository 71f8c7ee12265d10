import { onAbort } from "../../lib/abort.ts";

/** Lets at most `max` pieces of work run at a time; the others wait in order. */
export class Limit {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `work` when there is room. Rejects with the signal's reason when it aborts before. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#running < this.#max) this.#running++;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        release();
        resolve();
      };
      this.#waiting.add(wake);
      const release = onAbort(signal, () => {
        if (this.#waiting.delete(wake)) reject(signal.reason);
      });
    });
  }

  /** Hands the place to whoever waits longest; the count of running ones stays. */
  #next(): void {
    const [wake] = this.#waiting;
    if (!wake) {
      this.#running--;
      return;
    }
    this.#waiting.delete(wake);
    wake();
  }
}
