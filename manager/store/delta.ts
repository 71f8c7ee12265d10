import { fieldNumbers } from "../../proto/codec.ts";
import type { StoreChange } from "../../proto/generated.ts";
import { KINDS, type Kind, type Objects } from "./schema.ts";
import { versionOf } from "./table.ts";
import type { StoreView } from "./tables.ts";

/** What an update changes of the stored object. */
export interface Delta {
  /** The id and the fields that differ. */
  readonly part: Objects[Kind];
  /** Their numbers. */
  readonly fields: readonly number[];
}

type Fields = Record<string, unknown>;

/** The message of each kind has the kind's name. */
const messageOf = (kind: Kind) =>
  (kind.charAt(0).toUpperCase() + kind.slice(1)) as Capitalize<Kind>;

const FIELDS = Object.fromEntries(
  KINDS.map((kind) => [kind, fieldNumbers(messageOf(kind))]),
) as Readonly<Record<Kind, readonly (readonly [string, number])[]>>;

/**
 * What `object` changes of the one in `view` that has its version: a step in a task's life is a
 * tenth of the task. Undefined when there is none.
 */
export function deltaOf(kind: Kind, object: Objects[Kind], view: StoreView): Delta | undefined {
  const stored = view[kind].get(object.id);
  if (!stored || versionOf(stored) !== versionOf(object)) return undefined;
  const part: Fields = {};
  const fields: number[] = [];
  for (const [key, number] of FIELDS[kind]) {
    const value = (object as unknown as Fields)[key];
    if (key !== "id" && value === (stored as unknown as Fields)[key]) continue;
    // Filled at apply.
    if (key === "meta") continue;
    part[key] = value;
    fields.push(number);
  }
  return { part: part as unknown as Objects[Kind], fields };
}

/**
 * The whole object of a change that may bring only some of its fields. Where the stored object is
 * not the one expected, the change will be refused, whatever it holds.
 */
export function completed(
  { kind, object }: { readonly kind: Kind; readonly object: Objects[Kind] },
  { fields, expectedVersion }: StoreChange,
  view: StoreView,
): Objects[Kind] {
  const stored = fields.length === 0 ? undefined : view[kind].get(object.id);
  if (!stored || versionOf(stored) !== expectedVersion) return object;
  const whole = { ...(stored as unknown as Fields) };
  for (const [key, number] of FIELDS[kind])
    if (fields.includes(number)) whole[key] = (object as unknown as Fields)[key];
  return whole as unknown as Objects[Kind];
}
