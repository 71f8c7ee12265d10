/** A binary heap over an array it owns. `before(a, b)`: a comes out before b. */
export class Heap<T> {
  readonly #items: T[];
  readonly #before: (a: T, b: T) => boolean;

  constructor(items: readonly T[], before: (a: T, b: T) => boolean) {
    this.#items = [...items];
    this.#before = before;
    for (let i = (this.#items.length >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first item. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Restores the order after the first item has moved back. */
  settle(): void {
    this.#down(0);
  }

  /** Takes the first item out. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length > 0 && last !== undefined) {
      this.#items[0] = last;
      this.#down(0);
    }
    return first;
  }

  #down(start: number): void {
    const items = this.#items;
    const size = items.length;
    let at = start;
    const item = items[at] as T;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(items[child + 1] as T, items[child] as T)) child++;
      if (!this.#before(items[child] as T, item)) break;
      items[at] = items[child] as T;
      at = child;
    }
    if (size > 0) items[at] = item;
  }
}
