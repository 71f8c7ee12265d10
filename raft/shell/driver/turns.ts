/** Wakes whoever waits for something to happen in the driver. */
export class Turns {
  #waiting: (() => void)[] = [];

  /** Resolves at the next {@link pulse}. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  pulse(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
