/** Some objects of one kind. Valid until the caller next awaits. */
export interface Found<T> extends Iterable<T> {
  readonly size: number;
}

/**
 * Objects by id, each in the place where it first came. Most sets of an index hold one object (a
 * slot's task), a few hold very many (a service's tasks): a set of one costs no map, and an object
 * that takes the place of its older self moves nothing.
 */
export class ObjectSet<T extends { readonly id: string }> implements Found<T> {
  #only: T | undefined;
  #many: Map<string, T> | undefined;

  constructor(first?: T) {
    this.#only = first;
  }

  get size(): number {
    if (this.#many) return this.#many.size;
    return this.#only ? 1 : 0;
  }

  [Symbol.iterator](): Iterator<T> {
    if (this.#many) return this.#many.values();
    return (this.#only ? [this.#only] : []).values();
  }

  /** Adds `object`, or puts it in place of the one with its id. */
  put(object: T): void {
    if (this.#many) this.#many.set(object.id, object);
    else if (!this.#only || this.#only.id === object.id) this.#only = object;
    else {
      this.#many = new Map([
        [this.#only.id, this.#only],
        [object.id, object],
      ]);
      this.#only = undefined;
    }
  }

  remove(id: string): void {
    if (this.#many) this.#many.delete(id);
    else if (this.#only?.id === id) this.#only = undefined;
  }
}
