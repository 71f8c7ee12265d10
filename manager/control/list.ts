import type { Clock } from "../../lib/clock.ts";
import type { ListFilter, Page } from "../../proto/generated.ts";
import type { Kind, Objects } from "../store/schema.ts";
import type { StoreView } from "../store/tables.ts";
import { candidates, matcher } from "./filter.ts";

/** Objects looked at between two turns of the event loop. */
const SLICE_OBJECTS = 2_000;

/** What of a list is asked for. */
export interface ListQuery {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
}

/** One page of a list. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** `page.after` for the next page; empty when this was the last one. */
  readonly next: string;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

/** Collects objects: all of them in the order they come, or those with the lowest ids. */
class Collected<T extends { readonly id: string }> {
  readonly #limit: number;
  readonly #found: T[] = [];
  /** With all places taken, ids from here on are out. */
  #bound: string | undefined;

  /** @param limit how many to keep; 0 = all */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(object: T): void {
    if (this.#bound !== undefined && object.id > this.#bound) return;
    this.#found.push(object);
    // One more than the limit is kept, to know whether there is a next page.
    if (this.#limit > 0 && this.#found.length > 2 * this.#limit + SLICE_OBJECTS) this.#cut();
  }

  take(): Listed<T> {
    if (this.#limit === 0) return { items: this.#found, next: "" };
    this.#cut();
    const items = this.#found.slice(0, this.#limit);
    return { items, next: this.#found.length > this.#limit ? (items.at(-1)?.id ?? "") : "" };
  }

  #cut(): void {
    this.#found.sort(byId);
    if (this.#found.length <= this.#limit) return;
    this.#found.length = this.#limit + 1;
    this.#bound = this.#found.at(-1)?.id;
  }
}

/**
 * The objects of `view` now that match the query, as `present` shows them. Without a page limit:
 * all of them, oldest first. With one: in order of their ids, which stays the same while objects
 * come and go between pages. Long lists are worked off in slices.
 * @throws SwarmError `invalid` for a filter that the kind does not know
 */
export async function listObjects<K extends Kind>(
  { clock }: { readonly clock: Clock },
  view: StoreView,
  kind: K,
  { filter, page }: ListQuery,
  present: (object: Objects[K]) => Objects[K] = (object) => object,
): Promise<Listed<Objects[K]>> {
  const matches = matcher(view, kind, filter);
  const { limit = 0, after = "" } = page ?? {};
  const collected = new Collected<Objects[K]>(limit);
  // A copy: the view moves on while this waits, the objects in it never change.
  const all = [...candidates(view, kind, filter)];
  for (let from = 0; from < all.length; from += SLICE_OBJECTS) {
    if (from > 0) await clock.turn();
    for (const object of all.slice(from, from + SLICE_OBJECTS))
      if (object.id > after && matches(object)) collected.add(present(object));
  }
  return collected.take();
}
