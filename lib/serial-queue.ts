import { SwarmError } from "./errors.ts";

export interface SerialQueueOptions {
  /** What its tasks do, for the error when it is full: "changes of membership". */
  readonly what: string;
  /** Tasks that may wait or run at a time. */
  readonly max: number;
}

/** Runs tasks one after the other, in the order in which they come; one that fails stops no other. */
export class SerialQueue {
  readonly #options: SerialQueueOptions;
  #last: Promise<unknown> = Promise.resolve();
  #size = 0;

  constructor(options: SerialQueueOptions) {
    this.#options = options;
  }

  /** How many tasks wait or run. */
  get size(): number {
    return this.#size;
  }

  /**
   * Settles as the task does, when its turn has come and it is done.
   * @throws SwarmError `exhausted` when as many tasks as may be are here already
   */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const { what, max } = this.#options;
    if (this.#size >= max) throw new SwarmError("exhausted", `too many ${what} are waiting`);
    this.#size++;
    const done = this.#last.then(task).finally(() => {
      this.#size--;
    });
    this.#last = done.catch(() => {}); // the caller is told; the next task need not be
    return done;
  }

  /** Resolves when every task that is here now has ended, well or not. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
