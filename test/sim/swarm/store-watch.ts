import type { Store } from "../../../manager/store/store.ts";
import { KINDS } from "../../../manager/store/schema.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import { ChangeKind } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { hashOf } from "./digest.ts";

/** What looks at each commit of a run, once, on whichever manager applied it first. */
export type CommitCheck = (events: readonly StoreEvent[], view: StoreView) => void;

/** Compares the managers' stores at every index, and hands each commit to the checks once. */
export class StoreWatch {
  readonly #checks: readonly CommitCheck[];
  /** Digest of the state after each index. */
  readonly #digests: number[] = [];
  #checked = 0;
  /** Commits that changed something. */
  commits = 0;

  constructor(checks: readonly CommitCheck[]) {
    this.#checks = checks;
  }

  /** The newest index applied anywhere. */
  get index(): number {
    return this.#checked;
  }

  /** A digest of the newest state; for the trace. */
  get digest(): number {
    return this.#digests[this.#checked] ?? 0;
  }

  /** Follows one life of a manager's store. */
  replica(name: string, store: Store): Replica {
    return new Replica(name, store, this);
  }

  /** `name` has the state `digest` after `index`; `events` are what led there. */
  applied(
    name: string,
    index: number,
    digest: number,
    events: readonly StoreEvent[],
    view: StoreView,
  ): void {
    this.restored(name, index, digest);
    if (index <= this.#checked) return;
    this.#checked = index;
    if (events.length === 0) return;
    this.commits++;
    for (const check of this.#checks) check(events, view);
  }

  restored(name: string, index: number, digest: number): void {
    const known = (this.#digests[index] ??= digest);
    const message = (): string => `${name} differs from the others after ${index}`;
    demand(known === digest, "equal-stores", message);
  }
}

/** One life of a manager's store. */
export class Replica {
  readonly #name: string;
  readonly #store: Store;
  readonly #watch: StoreWatch;
  #digest = 0;
  #events: readonly StoreEvent[] = [];

  constructor(name: string, store: Store, watch: StoreWatch) {
    this.#name = name;
    this.#store = store;
    this.#watch = watch;
    store.onCommit(({ events }) => {
      this.#events = events;
      for (const event of events) this.#digest = (this.#digest + changeOf(event)) | 0;
    });
  }

  applied(index: number): void {
    const events = this.#events;
    this.#events = [];
    this.#watch.applied(this.#name, index, this.#digest, events, this.#store.view);
  }

  /** A snapshot took the state's place: it must be what its events say. */
  restored(index: number): void {
    this.#events = [];
    const told = this.#digest;
    this.#digest = digestOf(this.#store.view);
    const message = (): string => `the restore of ${this.#name} at ${index} told other changes`;
    demand(told === this.#digest, "restore-events", message);
    this.#watch.restored(this.#name, index, this.#digest);
  }
}

function changeOf({ change, object, old }: StoreEvent): number {
  if (change === ChangeKind.REMOVE) return -hashOf(object);
  return hashOf(object) - (old ? hashOf(old) : 0);
}

/** The digest of a whole state: a sum over its objects. */
function digestOf(view: StoreView): number {
  let digest = 0;
  for (const kind of KINDS)
    for (const object of view[kind].all()) digest = (digest + hashOf(object)) | 0;
  return digest;
}
