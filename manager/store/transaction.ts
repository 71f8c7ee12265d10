import { assert, unreachable } from "../../lib/assert.ts";
import { codec, make } from "../../proto/codec.ts";
import { ChangeKind, type StoreChange, type StoreObject } from "../../proto/generated.ts";
import { completed, deltaOf } from "./delta.ts";
import type { Kind, Objects } from "./schema.ts";
import { versionOf } from "./table.ts";
import type { Change, StoreView } from "./tables.ts";

/**
 * A transaction being built. Reads (`view`) show what is committed, not what this transaction
 * adds. An object may be touched several times; the last state counts.
 */
export class Transaction {
  readonly view: StoreView;
  readonly #changes: Change[] = [];
  /** Where in `#changes` an object's change is, by kind and id. */
  readonly #places = new Map<Kind, Map<string, number>>();

  constructor(view: StoreView) {
    this.view = view;
  }

  /** How many objects the transaction touches. */
  get size(): number {
    return this.#changes.length;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Adds a new object. Its `meta` is filled when the transaction is applied. */
  create<K extends Kind>(kind: K, object: Objects[K]): void {
    assert(object.id !== "", `a new ${kind} has an id`);
    this.#set(object.id, { kind, action: "create", object } as Change);
  }

  /**
   * Replaces a stored object. The stored one must still have the version that `object.meta`
   * names; otherwise the whole transaction is refused with `out-of-sequence`.
   */
  update<K extends Kind>(kind: K, object: Objects[K]): void {
    const place = this.#places.get(kind)?.get(object.id);
    const expected = versionOf(object);
    if (place !== undefined && this.#changes[place]?.action === "create") this.create(kind, object);
    else this.#set(object.id, { kind, action: "update", object, expected } as Change);
  }

  /** Takes an object out, if it still has the version of the given one. */
  remove<K extends Kind>(kind: K, object: Objects[K]): void {
    const expected = versionOf(object);
    this.#set(object.id, { kind, action: "remove", id: object.id, expected } as Change);
  }

  #set(id: string, change: Change): void {
    let places = this.#places.get(change.kind);
    if (!places) this.#places.set(change.kind, (places = new Map()));
    const place = places.get(id);
    if (place !== undefined) {
      this.#changes[place] = change;
      return;
    }
    places.set(id, this.#changes.length);
    this.#changes.push(change);
  }
}

const ACTIONS = {
  create: ChangeKind.CREATE,
  update: ChangeKind.UPDATE,
  remove: ChangeKind.REMOVE,
} as const;

/** `{object: kind, [kind]: object}`, the oneof that carries any object. */
export function toStoreObject(kind: Kind, object: Objects[Kind]): StoreObject {
  const wrapped: Record<string, unknown> = { object: kind };
  // A literal with a computed key takes V8 several times as long.
  wrapped[kind] = object;
  return wrapped as unknown as StoreObject;
}

/** The object inside a {@link StoreObject}. */
export function fromStoreObject(wrapped: StoreObject): {
  readonly kind: Kind;
  readonly object: Objects[Kind];
} {
  assert(wrapped.object, "a stored object has a kind");
  const kind: Kind = wrapped.object;
  return { kind, object: (wrapped as unknown as Record<Kind, Objects[Kind]>)[kind] };
}

function toProto(change: Change, view: StoreView): StoreChange {
  if (change.action === "remove") {
    return make("StoreChange", {
      kind: ChangeKind.REMOVE,
      expectedVersion: change.expected,
      removeTable: change.kind,
      removeId: change.id,
    });
  }
  const { kind, action } = change;
  const expectedVersion = change.action === "update" ? change.expected : 0;
  const delta = expectedVersion === 0 ? undefined : deltaOf(kind, change.object, view);
  return {
    kind: ACTIONS[action],
    expectedVersion,
    object: toStoreObject(kind, delta?.part ?? change.object),
    removeTable: "",
    removeId: "",
    fields: delta?.fields ?? WHOLE,
  };
}

const WHOLE: readonly number[] = [];

function fromProto(change: StoreChange, view: StoreView): Change {
  switch (change.kind) {
    case ChangeKind.REMOVE: {
      const kind = change.removeTable as Kind;
      return { kind, action: "remove", id: change.removeId, expected: change.expectedVersion };
    }
    case ChangeKind.CREATE:
    case ChangeKind.UPDATE: {
      assert(change.object, "a create or update carries its object");
      const inner = fromStoreObject(change.object);
      const action = change.kind === ChangeKind.CREATE ? "create" : "update";
      const object = completed(inner, change, view);
      return { kind: inner.kind, action, object, expected: change.expectedVersion } as Change;
    }
    case ChangeKind.UNSPECIFIED:
      throw new Error("a store change without a kind");
    default:
      return unreachable(change.kind, "store change kind");
  }
}

/** A transaction as it is replicated. */
export interface Proposal {
  readonly changes: readonly Change[];
  /** Term in which the proposer led; 0 = bound to none. */
  readonly leaderTerm: number;
  /** The proposer's wall clock. */
  readonly timeMs: number;
}

/**
 * Bytes in front of an entry: who proposed it and under which number, so that the proposer can
 * apply the objects it still has in memory instead of decoding them.
 */
export const ENVELOPE_BYTES = 16;

/** The Raft entry of a proposal that was made on `view`. */
export function encodeProposal(
  { origin, sequence }: Origin,
  proposal: Proposal,
  view: StoreView,
): Uint8Array {
  const body = codec("StoreTransaction").encode({
    changes: proposal.changes.map((change) => toProto(change, view)),
    leaderTerm: proposal.leaderTerm,
    timeMs: proposal.timeMs,
  });
  const bytes = new Uint8Array(ENVELOPE_BYTES + body.length);
  const head = new DataView(bytes.buffer);
  head.setFloat64(0, origin);
  head.setFloat64(8, sequence);
  bytes.set(body, ENVELOPE_BYTES);
  return bytes;
}

/** Who proposed an entry, and its number there. */
export interface Origin {
  readonly origin: number;
  readonly sequence: number;
}

/** Where an entry comes from. */
export function originOf(entry: Uint8Array): Origin {
  const head = new DataView(entry.buffer, entry.byteOffset, ENVELOPE_BYTES);
  return { origin: head.getFloat64(0), sequence: head.getFloat64(8) };
}

/** The proposal inside an entry that is about to be applied to `view`. */
export function decodeProposal(entry: Uint8Array, view: StoreView): Proposal {
  const { changes, leaderTerm, timeMs } = codec("StoreTransaction").decode(
    entry.subarray(ENVELOPE_BYTES),
  );
  return { changes: changes.map((change) => fromProto(change, view)), leaderTerm, timeMs };
}
