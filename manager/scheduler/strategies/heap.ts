/**
 * A binary heap of the numbers 0 … size − 1, which stand for the caller's items.
 * `before(a, b)`: a comes out before b.
 */
export class IndexHeap {
  readonly #items: Int32Array;
  readonly #before: (a: number, b: number) => boolean;
  #size: number;

  constructor(size: number, before: (a: number, b: number) => boolean) {
    this.#items = new Int32Array(size);
    for (let i = 0; i < size; i++) this.#items[i] = i;
    this.#before = before;
    this.#size = size;
    for (let i = (size >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  /** The first item; −1 when none is left. */
  peek(): number {
    return this.#size === 0 ? -1 : (this.#items[0] as number);
  }

  /** Restores the order after the first item has moved back. */
  settle(): void {
    this.#down(0);
  }

  /** Takes the first item out. */
  pop(): void {
    if (this.#size === 0) return;
    this.#size--;
    this.#items[0] = this.#items[this.#size] as number;
    this.#down(0);
  }

  #down(start: number): void {
    const items = this.#items;
    const size = this.#size;
    if (size === 0) return;
    let at = start;
    const item = items[at] as number;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(items[child + 1] as number, items[child] as number))
        child++;
      if (!this.#before(items[child] as number, item)) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = item;
  }
}
