import { SwarmError } from "../../lib/errors.ts";
import { assert } from "../../lib/assert.ts";
import { RowSet, type Found, type Row } from "./row-set.ts";
import type { IndexRule, Schema } from "./schema.ts";

/** Every object has these. */
export interface Identified {
  readonly id: string;
  readonly meta: { readonly version: { readonly index: number } | null } | null;
}

/** Reads on one kind of objects. Valid until the caller next awaits. */
export interface TableView<T, Index extends string = string> {
  readonly size: number;
  get(id: string): T | undefined;
  /** Every object, oldest first. */
  all(): Iterable<T>;
  /** Objects under `key` of a secondary index, in the order in which they came under it. */
  by(index: Index, key: string): Found<T>;
  /** Objects of that name, without regard to case. Those without one are found only by id. */
  named(name: string): Found<T>;
  /**
   * The object meant by a person: full id, else name (in any case, unless several differ in just
   * that), else a unique prefix of an id.
   * @throws SwarmError `not-found`, or `invalid` when several match
   */
  resolve(ref: string): T;
}

const EMPTY: Found<never> = new RowSet<never>();

/** One secondary index: how its keys are found, and what is under each. */
interface Index<T> extends IndexRule<T> {
  readonly sets: Map<string, RowSet<T>>;
}

/** The Raft index of the entry that last changed `object`; 0 before it is stored. */
export function versionOf(object: Identified): number {
  return object.meta?.version?.index ?? 0;
}

/** One kind of objects with its indexes. Only the state machine writes to it. */
export class Table<T extends Identified> implements TableView<T> {
  readonly #kind: string;
  readonly #schema: Schema<T>;
  readonly #byId = new Map<string, Row<T>>();
  readonly #indexes: ReadonlyMap<string, Index<T>>;
  /** The indexes by name and by keys: all that a change touches. */
  readonly #all: readonly Index<T>[];
  readonly #names: Index<T>;

  constructor(kind: string, schema: Schema<T>) {
    this.#kind = kind;
    this.#schema = schema;
    const namesOf = (object: T): readonly string[] => {
      const name = schema.nameOf(object);
      return name === "" && !schema.uniqueName ? NONE : [name.toLowerCase()];
    };
    const isSame = (a: T, b: T): boolean => schema.nameOf(a) === schema.nameOf(b);
    this.#names = { keysOf: namesOf, isSame, sets: new Map() };
    this.#indexes = new Map(
      Object.entries(schema.indexes).map(([name, rule]) => [name, { ...rule, sets: new Map() }]),
    );
    this.#all = [this.#names, ...this.#indexes.values()];
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id)?.object;
  }

  *all(): Iterable<T> {
    for (const row of this.#byId.values()) yield row.object;
  }

  by(index: string, key: string): Found<T> {
    return this.#indexes.get(index)?.sets.get(key) ?? EMPTY;
  }

  named(name: string): Found<T> {
    return this.#names.sets.get(name.toLowerCase()) ?? EMPTY;
  }

  resolve(ref: string): T {
    if (ref === "") throw new SwarmError("invalid", `${this.#kind} id or name is required`);
    const exact = this.get(ref);
    if (exact) return exact;
    let matches: T[] = [...this.named(ref)];
    if (matches.length > 1) matches = this.#exactly(ref, matches);
    if (matches.length === 0) matches = [...this.all()].filter((o) => o.id.startsWith(ref));
    const [first] = matches;
    if (!first) throw new SwarmError("not-found", `${this.#kind} ${ref} not found`);
    if (matches.length > 1) {
      const text = `${this.#kind} ${ref} is ambiguous (${matches.length} matches found)`;
      throw new SwarmError("invalid", text);
    }
    return first;
  }

  /** Those of `named` whose name is `ref` to the letter; all of them when there is none. */
  #exactly(ref: string, named: T[]): T[] {
    const exact = named.filter((object) => this.#schema.nameOf(object) === ref);
    return exact.length > 0 ? exact : named;
  }

  /** Another object than `self` that carries the name `self` wants for itself. */
  nameConflict(self: T): T | undefined {
    if (!this.#schema.uniqueName) return undefined;
    for (const other of this.named(this.#schema.nameOf(self)))
      if (other.id !== self.id) return other;
    return undefined;
  }

  /** The place of the object with this id: found once, and then read and written. */
  row(id: string): Row<T> | undefined {
    return this.#byId.get(id);
  }

  /** Stores an object whose id is new. */
  add(object: T): void {
    const row = { object };
    this.#byId.set(object.id, row);
    for (const { keysOf, sets } of this.#all) for (const key of keysOf(object)) add(sets, key, row);
  }

  /** Stores `object` in place of the one in `row`, which has the same id. */
  replace(row: Row<T>, object: T): void {
    const old = row.object;
    row.object = object;
    for (const index of this.#all) if (!index.isSame(old, object)) reindex(index, row, old);
  }

  /** Takes the object out; it must be there. */
  remove(id: string): T {
    const row = this.#byId.get(id);
    assert(row, `${this.#kind} ${id} is in the table`);
    for (const { keysOf, sets } of this.#all)
      for (const key of keysOf(row.object)) drop(sets, key, row);
    this.#byId.delete(id);
    return row.object;
  }
}

const NONE: readonly string[] = [];

/** Puts `row` where its object's keys say; where those of `old` say the same, nothing moves. */
function reindex<T>({ keysOf, sets }: Index<T>, row: Row<T>, old: T): void {
  const before = keysOf(old);
  const after = keysOf(row.object);
  for (const key of before) if (!after.includes(key)) drop(sets, key, row);
  for (const key of after) if (!before.includes(key)) add(sets, key, row);
}

function add<T>(sets: Map<string, RowSet<T>>, key: string, row: Row<T>): void {
  const set = sets.get(key);
  if (set) set.add(row);
  else sets.set(key, new RowSet(row));
}

function drop<T>(sets: Map<string, RowSet<T>>, key: string, row: Row<T>): void {
  const set = sets.get(key);
  set?.delete(row);
  if (set?.size === 0) sets.delete(key);
}
