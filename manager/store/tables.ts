import { compileWith } from "../../proto/compiled.ts";
import { ChangeKind, TaskState, type Meta, type Task } from "../../proto/generated.ts";
import { ClaimTable, type Claims, type Refusal } from "./claims.ts";
import {
  eachKind,
  messageOf,
  SCHEMAS,
  type IndexName,
  type Kind,
  type Objects,
  type Schema,
} from "./schema.ts";
import { Table, versionOf, type TableView } from "./table.ts";

/** Reads on every kind. Valid until the caller next awaits: later commits change it in place. */
export type StoreView = {
  readonly [K in Kind]: TableView<Objects[K], IndexName<K>>;
} & {
  /** Why `object` could not be stored now, be it new or in another one's place; its version aside. */
  refusal<K extends Kind>(kind: K, object: Objects[K]): Refusal | undefined;
};

/** One change of a transaction, in memory. */
export type Change = {
  readonly [K in Kind]:
    | { readonly kind: K; readonly action: "create"; readonly object: Objects[K] }
    | {
        readonly kind: K;
        readonly action: "update";
        readonly object: Objects[K];
        /** Version the stored object must have; 0 = do not check. */
        readonly expected: number;
      }
    | {
        readonly kind: K;
        readonly action: "remove";
        readonly id: string;
        readonly expected: number;
      };
}[Kind];

/** What a commit did to one object. */
export type StoreEvent = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly change: ChangeKind;
    /** The object after the change; for REMOVE the object as it last was. */
    readonly object: Objects[K];
    /** The object before; undefined for CREATE. */
    readonly old: Objects[K] | undefined;
  };
}[Kind];

/** An object of a kind that is only known at run time. */
type AnyObject = Objects[Kind];

const refuse = (code: Refusal["code"], message: string): Refusal => ({ code, message });

/** What one transaction writes into `meta`: objects made together share it. */
class Stamp {
  readonly #version: { readonly index: number };
  readonly #timeMs: number;
  #last: Meta | undefined;

  constructor(index: number, timeMs: number) {
    this.#version = { index };
    this.#timeMs = timeMs;
  }

  /** The `meta` of the object that takes the place of `old`. */
  metaOf(old: AnyObject | undefined): Meta {
    const createdAtMs = old?.meta?.createdAtMs ?? this.#timeMs;
    if (this.#last?.createdAtMs !== createdAtMs)
      this.#last = { version: this.#version, createdAtMs, updatedAtMs: this.#timeMs };
    return this.#last;
  }
}

const WITH_META = eachKind(
  (kind) =>
    compileWith(messageOf(kind), "meta") as (object: AnyObject, meta: Meta | null) => AnyObject,
);

/** All tables, and the rules that hold across them. */
export class Tables {
  readonly #tables: { readonly [K in Kind]: Table<Objects[K]> };
  readonly #claims = new ClaimTable();
  readonly view: StoreView;

  constructor() {
    this.#tables = eachKind(
      (kind) => new Table(kind, SCHEMAS[kind] as Schema<never>),
    ) as unknown as { [K in Kind]: Table<Objects[K]> };
    this.view = {
      ...this.#tables,
      refusal: (kind, object) => this.#check(kind, object, claimsOf(kind, object)),
    };
  }

  /**
   * Applies all of `changes` or none. Stored objects get the version and the time of `at`.
   * @returns the events, or why the transaction is refused.
   */
  apply(
    changes: readonly Change[],
    at: { readonly index: number; readonly timeMs: number },
  ): readonly StoreEvent[] | Refusal {
    const stamp = new Stamp(at.index, at.timeMs);
    const done: StoreEvent[] = [];
    for (const change of changes) {
      const result = this.#applyOne(change, stamp);
      if ("code" in result) {
        for (const event of done.reverse()) this.#undo(event);
        return result;
      }
      done.push(result);
    }
    return done;
  }

  /** Stores an object as it is, meta included: for restoring a snapshot. */
  load<K extends Kind>(kind: K, object: Objects[K]): void {
    this.#put(kind, object);
  }

  #applyOne(change: Change, stamp: Stamp): StoreEvent | Refusal {
    const { kind } = change;
    const table = this.#table(kind);
    const id = change.action === "remove" ? change.id : change.object.id;
    const row = table.row(id);
    const old = row?.object;
    if (change.action === "create") {
      if (old) return refuse("exists", `${kind} ${id} already exists`);
    } else {
      if (!old) return refuse("not-found", `${kind} ${id} not found`);
      if (change.expected !== 0 && change.expected !== versionOf(old))
        return refuse("out-of-sequence", "update out of sequence");
    }
    if (change.action === "remove") return this.#remove(kind, id);
    if (kind === "task" && old && this.#comesLate(change.object as Task, old as Task))
      return refuse("out-of-sequence", `the node of task ${id} is gone`);
    const object = WITH_META[kind](change.object, stamp.metaOf(old));
    const claims = claimsOf(kind, object);
    const refusal = this.#check(kind, object, claims);
    if (refusal) return refusal;
    if (row) table.replace(row, object);
    else table.add(object);
    this.#exchange(kind, old, claims);
    const made = old ? ChangeKind.UPDATE : ChangeKind.CREATE;
    return { kind, change: made, object, old } as StoreEvent;
  }

  #check(kind: Kind, object: AnyObject, claims: Claims): Refusal | undefined {
    const taken = this.#table(kind).nameConflict(object);
    if (taken) {
      const name = (SCHEMAS[kind] as Schema<AnyObject>).nameOf(object);
      return refuse(
        "exists",
        `name conflicts with an existing object: ${kind} ${name} already exists`,
      );
    }
    for (const target of claims.references) {
      const [targetKind, targetId] = target.split("/") as [Kind, string];
      if (!this.#table(targetKind).get(targetId))
        return refuse("invalid", `${targetKind} not found: ${targetId}`);
    }
    return this.#claims.conflict(claims);
  }

  #remove(kind: Kind, id: string): StoreEvent | Refusal {
    const referrers = this.#claims.referrersOf(`${kind}/${id}`);
    if (referrers && referrers.size > 0) {
      const names = [...referrers].join(", ");
      return refuse("failed-precondition", `${kind} ${id} is in use by ${names}`);
    }
    const left = kind === "node" && this.#leftOn(id);
    if (left) return refuse("out-of-sequence", `task ${left.id} has come to node ${id}`);
    const old = this.#table(kind).remove(id);
    this.#claims.release(claimsOf(kind, old));
    return { kind, change: ChangeKind.REMOVE, object: old, old } as StoreEvent;
  }

  /** A task that would be left behind on a node that goes: it came after the removal was planned. */
  #leftOn(nodeId: string): Task | undefined {
    for (const task of this.#tables.task.by("node", nodeId))
      if ((task.status?.state ?? TaskState.NEW) <= TaskState.RUNNING) return task;
    return undefined;
  }

  /** Whether `task` is assigned to a node that was removed since that was decided. */
  #comesLate({ nodeId, status }: Task, old: Task): boolean {
    const state = status?.state ?? TaskState.NEW;
    const isNew = (old.status?.state ?? TaskState.NEW) < TaskState.ASSIGNED;
    const isAssigned = state >= TaskState.ASSIGNED && state <= TaskState.RUNNING;
    return isNew && isAssigned && !this.#tables.node.get(nodeId);
  }

  #put(kind: Kind, object: AnyObject): void {
    const table = this.#table(kind);
    const row = table.row(object.id);
    const old = row?.object;
    if (row) table.replace(row, object);
    else table.add(object);
    this.#exchange(kind, old, claimsOf(kind, object));
  }

  /** `claims` take the place of those of `old`. */
  #exchange(kind: Kind, old: AnyObject | undefined, claims: Claims): void {
    if (old) this.#claims.release(claimsOf(kind, old));
    this.#claims.take(claims);
  }

  #undo(event: StoreEvent): void {
    if (event.old) {
      this.#put(event.kind, event.old);
      return;
    }
    this.#table(event.kind).remove(event.object.id);
    this.#claims.release(claimsOf(event.kind, event.object));
  }

  #table(kind: Kind): Table<AnyObject> {
    return this.#tables[kind] as unknown as Table<AnyObject>;
  }
}

const NOTHING: readonly string[] = [];
const NO_CLAIMS: Claims = { owner: "", leases: NOTHING, shared: NOTHING, references: NOTHING };

function claimsOf(kind: Kind, object: AnyObject): Claims {
  const schema = SCHEMAS[kind] as Schema<AnyObject>;
  const leases = schema.leases?.(object) ?? NOTHING;
  const shared = schema.sharedLeases?.(object) ?? NOTHING;
  const references = schema.references?.(object) ?? NOTHING;
  if (leases.length + shared.length + references.length === 0) return NO_CLAIMS;
  return { owner: `${kind}/${object.id}`, leases, shared, references };
}
