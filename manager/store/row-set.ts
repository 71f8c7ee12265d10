/** Some objects of one kind. Valid until the caller next awaits. */
export interface Found<T> extends Iterable<T> {
  readonly size: number;
}

/** The place of one object in a table; every index points at it, and so at its latest state. */
export interface Row<T> {
  object: T;
}

/**
 * Rows up to which a set is an array. A hash table that grows asks each row for its hash again, all
 * over the memory; an array of so many is copied and searched faster than that.
 */
const ARRAY_ROWS_MAX = 256;

/**
 * What is under one key of an index, in the order in which it came there. Most sets hold one row
 * (a slot's task), many some dozens (a node's tasks), a few hold very many (a service's tasks).
 */
export class RowSet<T> implements Found<T> {
  #rows: Row<T> | Row<T>[] | Set<Row<T>> | undefined;

  constructor(first?: Row<T>) {
    this.#rows = first;
  }

  get size(): number {
    const rows = this.#rows;
    if (rows === undefined) return 0;
    if (rows instanceof Set) return rows.size;
    return Array.isArray(rows) ? rows.length : 1;
  }

  *[Symbol.iterator](): Iterator<T> {
    const rows = this.#rows;
    if (rows === undefined) return;
    if (rows instanceof Set) for (const row of rows) yield row.object;
    // A copy: taking a row out moves those behind it.
    else if (Array.isArray(rows)) for (const row of rows.slice()) yield row.object;
    else yield rows.object;
  }

  add(row: Row<T>): void {
    const rows = this.#rows;
    if (rows === undefined) this.#rows = row;
    else if (rows instanceof Set) rows.add(row);
    else if (!Array.isArray(rows)) this.#rows = rows === row ? row : [rows, row];
    else if (rows.includes(row)) return;
    else if (rows.length < ARRAY_ROWS_MAX) rows.push(row);
    else this.#rows = new Set(rows).add(row);
  }

  delete(row: Row<T>): void {
    const rows = this.#rows;
    if (rows instanceof Set) rows.delete(row);
    else if (rows === row) this.#rows = undefined;
    else if (Array.isArray(rows)) {
      const at = rows.indexOf(row);
      if (at >= 0) rows.splice(at, 1);
    }
  }
}
