import { assert } from "../../lib/assert.ts";

const START_CAPACITY = 16;

/**
 * The window of appends that are on their way to one peer: a ring of (last index, bytes), bounded
 * by a count and by bytes. The append that crosses the byte bound is still admitted, so that one
 * large entry can pass.
 */
export class Inflights {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #indexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** No further append may be sent. */
  get full(): boolean {
    return this.#count >= this.#maxCount || this.#bytes >= this.#maxBytes;
  }

  /** Notes an append whose last entry is `lastIndex`; indexes only rise. */
  add(lastIndex: number, bytes: number): void {
    assert(!this.full, "an append is sent only while the window is open");
    if (this.#count === this.#indexes.length) this.#grow();
    const at = (this.#start + this.#count) & (this.#indexes.length - 1);
    this.#indexes[at] = lastIndex;
    this.#sizes[at] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Frees every append that ends at or below `index`. */
  freeUpTo(index: number): void {
    const mask = this.#indexes.length - 1;
    while (this.#count > 0 && this.#indexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) & mask;
      this.#count--;
    }
  }

  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Doubles the ring; its length stays a power of two. */
  #grow(): void {
    const old = this.#indexes.length;
    const indexes: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < Math.max(START_CAPACITY, old * 2); i++) {
      const from = i < old ? (this.#start + i) & (old - 1) : -1;
      indexes.push(from < 0 ? 0 : this.#indexes[from]!);
      sizes.push(from < 0 ? 0 : this.#sizes[from]!);
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
