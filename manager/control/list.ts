import type { ListFilter, Page } from "../../proto/generated.ts";
import type { Kind, Objects } from "../store/schema.ts";
import type { StoreView } from "../store/tables.ts";
import { candidates, matcher } from "./filter.ts";

/** One page of a list. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** `page.after` for the next page; empty when this was the last one. */
  readonly next: string;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

/**
 * The objects that match `filter`. Without a page limit: all of them, oldest first. With one: in
 * order of their ids, which stays the same while objects come and go between pages.
 * @throws SwarmError `invalid` for a filter that the kind does not know
 */
export function listObjects<K extends Kind>(
  view: StoreView,
  kind: K,
  filter: ListFilter | null,
  page: Page | null,
): Listed<Objects[K]> {
  const matches = matcher(view, kind, filter);
  const { limit = 0, after = "" } = page ?? {};
  const found: Objects[K][] = [];
  for (const object of candidates(view, kind, filter))
    if (object.id > after && matches(object)) found.push(object);
  if (limit === 0) return { items: found, next: "" };
  const items = found.sort(byId).slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? "") : "" };
}
