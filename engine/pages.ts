import { make } from "../proto/codec.ts";
import type { Page } from "../proto/generated.ts";

/** Objects asked of the control API at a time, so that no list blocks the event loop for long. */
const PAGE_OBJECTS = 200;

/** A page of a list: its objects and where the next one starts, "" at the end. */
interface Fetched<T> {
  readonly items: readonly T[];
  readonly next: string;
}

/** Every page of a list, in order. `fetch` asks for one. */
export async function* pagesOf<T>(
  fetch: (page: Page) => Promise<Fetched<T>>,
): AsyncGenerator<readonly T[]> {
  let after = "";
  do {
    const { items, next } = await fetch(make("Page", { limit: PAGE_OBJECTS, after }));
    yield items;
    after = next;
  } while (after !== "");
}

/** Every object of a list at once; for lists that are known to be short. */
export async function allOf<T>(fetch: (page: Page) => Promise<Fetched<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const items of pagesOf(fetch)) all.push(...items);
  return all;
}

/** Pages with every object translated. */
export async function* mapPages<T, U>(
  pages: AsyncIterable<readonly T[]>,
  translate: (items: readonly T[]) => readonly U[] | Promise<readonly U[]>,
): AsyncGenerator<readonly U[]> {
  for await (const items of pages) yield await translate(items);
}
