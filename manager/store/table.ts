import { SwarmError } from "../../lib/errors.ts";
import { assert } from "../../lib/assert.ts";
import { ObjectSet, type Found } from "./object-set.ts";
import type { Schema } from "./schema.ts";

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

const EMPTY: Found<never> = new ObjectSet<never>();

/** One secondary index: how its keys are found, and what is under each. */
interface Index<T extends Identified> {
  readonly keysOf: (object: T) => readonly string[];
  readonly sets: Map<string, ObjectSet<T>>;
}

/** The Raft index of the entry that last changed `object`; 0 before it is stored. */
export function versionOf(object: Identified): number {
  return object.meta?.version?.index ?? 0;
}

/** One kind of objects with its indexes. Only the state machine writes to it. */
export class Table<T extends Identified> implements TableView<T> {
  readonly #kind: string;
  readonly #schema: Schema<T>;
  readonly #byId = new Map<string, T>();
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
    this.#names = { keysOf: namesOf, sets: new Map() };
    this.#indexes = new Map(
      Object.entries(schema.indexes).map(([name, keysOf]) => [name, { keysOf, sets: new Map() }]),
    );
    this.#all = [this.#names, ...this.#indexes.values()];
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<T> {
    return this.#byId.values();
  }

  by(index: string, key: string): Found<T> {
    return this.#indexes.get(index)?.sets.get(key) ?? EMPTY;
  }

  named(name: string): Found<T> {
    return this.#names.sets.get(name.toLowerCase()) ?? EMPTY;
  }

  resolve(ref: string): T {
    if (ref === "") throw new SwarmError("invalid", `${this.#kind} id or name is required`);
    const exact = this.#byId.get(ref);
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

  /** Stores `object` in place of the one with its id, if any. Returns the old one. */
  put(object: T): T | undefined {
    const old = this.#byId.get(object.id);
    this.#byId.set(object.id, object);
    for (const index of this.#all) reindex(index, old, object);
    return old;
  }

  /** Takes the object out; it must be there. */
  remove(id: string): T {
    const old = this.#byId.get(id);
    assert(old, `${this.#kind} ${id} is in the table`);
    for (const { keysOf, sets } of this.#all)
      for (const key of keysOf(old)) drop(sets, key, old.id);
    this.#byId.delete(id);
    return old;
  }
}

const NONE: readonly string[] = [];

/** Puts `object` where its keys say; where those of `old` say the same, in its very place. */
function reindex<T extends Identified>(index: Index<T>, old: T | undefined, object: T): void {
  const { keysOf, sets } = index;
  const before = old ? keysOf(old) : NONE;
  const after = keysOf(object);
  for (const key of before) if (!after.includes(key)) drop(sets, key, object.id);
  for (const key of after) {
    const set = sets.get(key);
    if (set) set.put(object);
    else sets.set(key, new ObjectSet(object));
  }
}

function drop<T extends Identified>(
  sets: Map<string, ObjectSet<T>>,
  key: string,
  id: string,
): void {
  const set = sets.get(key);
  set?.remove(id);
  if (set?.size === 0) sets.delete(key);
}
