import { SwarmError } from "../../lib/errors.ts";
import { assert } from "../../lib/assert.ts";
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
  /** Objects under `key` of a secondary index. */
  by(index: Index, key: string): ReadonlySet<T>;
  /** Objects of that name, without regard to case. */
  named(name: string): ReadonlySet<T>;
  /**
   * The object meant by a person: full id, else name (in any case, unless several differ in just
   * that), else a unique prefix of an id.
   * @throws SwarmError `not-found`, or `invalid` when several match
   */
  resolve(ref: string): T;
}

const EMPTY: ReadonlySet<never> = new Set();

/** The Raft index of the entry that last changed `object`; 0 before it is stored. */
export function versionOf(object: Identified): number {
  return object.meta?.version?.index ?? 0;
}

/** One kind of objects with its indexes. Only the state machine writes to it. */
export class Table<T extends Identified> implements TableView<T> {
  readonly #kind: string;
  readonly #schema: Schema<T>;
  readonly #byId = new Map<string, T>();
  readonly #byName = new Map<string, Set<T>>();
  readonly #indexes: ReadonlyMap<string, Map<string, Set<T>>>;

  constructor(kind: string, schema: Schema<T>) {
    this.#kind = kind;
    this.#schema = schema;
    this.#indexes = new Map(Object.keys(schema.indexes).map((name) => [name, new Map()]));
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

  by(index: string, key: string): ReadonlySet<T> {
    return this.#indexes.get(index)?.get(key) ?? EMPTY;
  }

  named(name: string): ReadonlySet<T> {
    return this.#byName.get(name.toLowerCase()) ?? EMPTY;
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
    if (old) this.#unindex(old);
    this.#byId.set(object.id, object);
    add(this.#byName, this.#schema.nameOf(object).toLowerCase(), object);
    for (const [name, keysOf] of Object.entries(this.#schema.indexes)) {
      const index = this.#indexes.get(name);
      if (index) for (const key of keysOf(object)) add(index, key, object);
    }
    return old;
  }

  /** Takes the object out; it must be there. */
  remove(id: string): T {
    const old = this.#byId.get(id);
    assert(old, `${this.#kind} ${id} is in the table`);
    this.#unindex(old);
    this.#byId.delete(id);
    return old;
  }

  #unindex(object: T): void {
    drop(this.#byName, this.#schema.nameOf(object).toLowerCase(), object);
    for (const [name, keysOf] of Object.entries(this.#schema.indexes)) {
      const index = this.#indexes.get(name);
      if (index) for (const key of keysOf(object)) drop(index, key, object);
    }
  }
}

function add<T>(index: Map<string, Set<T>>, key: string, object: T): void {
  const set = index.get(key);
  if (set) set.add(object);
  else index.set(key, new Set([object]));
}

function drop<T>(index: Map<string, Set<T>>, key: string, object: T): void {
  const set = index.get(key);
  if (!set) return;
  set.delete(object);
  if (set.size === 0) index.delete(key);
}
