import { SwarmError } from "../../lib/errors.ts";
import { splitPair, toMap } from "../flags/fields.ts";

/** `items` without those that `isRemoved` names, then `added` at the end, each key once. */
export function editByKey<T>(
  items: readonly T[] = [],
  keyOf: (item: T) => string,
  added: readonly T[] = [],
  isRemoved: (item: T) => boolean = () => false,
): readonly T[] {
  const byKey = new Map(
    items.filter((item) => !isRemoved(item)).map((item) => [keyOf(item), item]),
  );
  for (const item of added) byKey.set(keyOf(item), item);
  return [...byKey.values()];
}

/** A list of plain words edited by `--x-add` and `--x-rm`. */
export function editWords(
  items: readonly string[] | undefined,
  added: readonly string[] | undefined,
  removed: readonly string[] = [],
): readonly string[] {
  return editByKey(
    items,
    (item) => item,
    added,
    (item) => removed.includes(item),
  );
}

/** A list of `key=value` edited by `--x-add key=value` and `--x-rm key`. */
export function editPairs(
  items: readonly string[] | undefined,
  added: readonly string[] | undefined,
  removed: readonly string[] = [],
): readonly string[] {
  const keyOf = (item: string): string => splitPair(item)[0];
  return editByKey(items, keyOf, added, (item) => removed.includes(keyOf(item)));
}

/** A map edited by `--x-add key=value` and `--x-rm key`. */
export function editMap(
  map: Readonly<Record<string, string>> | null | undefined,
  added: readonly string[] = [],
  removed: readonly string[] = [],
): Readonly<Record<string, string>> {
  const kept = Object.entries(map ?? {}).filter(([key]) => !removed.includes(key));
  return { ...Object.fromEntries(kept), ...toMap(added) };
}

/** What a service adds to and drops from its capabilities. */
export interface Capabilities {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

const ALL = "ALL";
const RESET = "RESET";

/**
 * Capabilities after `--cap-add` and `--cap-drop`, as docker counts: to add what was dropped takes
 * it off the dropped ones and the other way round, `ALL` swallows the rest, `RESET` empties.
 */
export function editCapabilities(
  before: Capabilities,
  added: readonly string[],
  dropped: readonly string[],
): Capabilities {
  const both = added.find((name) => dropped.includes(name) && name !== RESET);
  if (both !== undefined)
    throw new SwarmError("invalid", `${both} cannot be both added and dropped`);
  const start: Capabilities = {
    add: added.includes(RESET) ? [] : before.add,
    drop: dropped.includes(RESET) ? [] : before.drop,
  };
  const plus = added.filter((name) => name !== RESET);
  const minus = dropped.filter((name) => name !== RESET);
  const add = [
    ...start.add.filter((name) => !minus.includes(name)),
    ...plus.filter((name) => !start.drop.includes(name)),
  ];
  const drop = [
    ...start.drop.filter((name) => !plus.includes(name)),
    ...minus.filter((name) => !start.add.includes(name)),
  ];
  return { add: normal(add), drop: normal(drop) };
}

function normal(names: readonly string[]): readonly string[] {
  return names.includes(ALL) ? [ALL] : [...new Set(names)].toSorted();
}
