/** Some objects of one kind. Valid until the caller next awaits. */
export interface Found<T> extends Iterable<T> {
  readonly size: number;
}

/** The place of one object in a table; every index points at it, and so at its latest state. */
export interface Row<T> {
  object: T;
}

/**
 * What is under one key of an index, in the order in which it came there. Most sets hold one row
 * (a slot's task), a few hold very many (a service's tasks): a set of one costs no more than that.
 */
export class RowSet<T> implements Found<T> {
  #only: Row<T> | undefined;
  #many: Set<Row<T>> | undefined;

  constructor(first?: Row<T>) {
    this.#only = first;
  }

  get size(): number {
    if (this.#many) return this.#many.size;
    return this.#only ? 1 : 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    if (this.#only) yield this.#only.object;
    else if (this.#many) for (const row of this.#many) yield row.object;
  }

  add(row: Row<T>): void {
    if (this.#many) this.#many.add(row);
    else if (!this.#only || this.#only === row) this.#only = row;
    else {
      this.#many = new Set([this.#only, row]);
      this.#only = undefined;
    }
  }

  delete(row: Row<T>): void {
    if (this.#many) this.#many.delete(row);
    else if (this.#only === row) this.#only = undefined;
  }
}
