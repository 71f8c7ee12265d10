import { fieldNumbers } from "../../proto/codec.ts";
import { compileDifference, type Part } from "../../proto/compiled.ts";
import type { StoreChange } from "../../proto/generated.ts";
import { eachKind, messageOf, type Kind, type Objects } from "./schema.ts";
import { versionOf } from "./table.ts";
import type { StoreView } from "./tables.ts";

type Fields = Record<string, unknown>;

type Difference = (after: Objects[Kind], before: Objects[Kind]) => Part<Objects[Kind]>;

const FIELDS = eachKind((kind) => fieldNumbers(messageOf(kind)));
const DIFFERENCES = eachKind((kind) => compileDifference(messageOf(kind)) as Difference);

/**
 * What `object` changes of the one in `view` that has its version: a step in a task's life is a
 * tenth of the task. Its `meta` is filled at apply. Undefined when there is none.
 */
export function deltaOf(
  kind: Kind,
  object: Objects[Kind],
  view: StoreView,
): Part<Objects[Kind]> | undefined {
  const stored = view[kind].get(object.id);
  if (!stored || versionOf(stored) !== versionOf(object)) return undefined;
  return DIFFERENCES[kind](object, stored);
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
