import { SwarmError } from "../../lib/errors.ts";

/** Values that a template can reach by name. */
export interface TemplateScope {
  readonly [name: string]: string | TemplateScope;
}

/** What an action of a template can compute. */
export type Value = string | number | boolean | TemplateScope;

/** Go's truth: what is empty is false. */
export function isTrue(value: Value): boolean {
  return typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
}

/** A value as it is printed. Throws `invalid` for a group of fields. */
export function textOf(value: Value): string {
  if (typeof value !== "object") return String(value);
  throw new SwarmError("invalid", "names a group of fields, not a value");
}

function index([group, ...keys]: readonly Value[]): Value {
  let found: Value = group ?? "";
  for (const key of keys) {
    if (typeof found !== "object") throw new SwarmError("invalid", "index needs a map");
    const name = textOf(key);
    // As in Go, a map without the key gives the empty string.
    found = Object.hasOwn(found, name) ? (found[name] ?? "") : "";
  }
  return found;
}

function format([pattern = "", ...args]: readonly Value[]): string {
  let next = 0;
  const text = textOf(pattern).replace(/%(.)/g, (_, verb: string) => {
    if (verb === "%") return "%";
    const value = args[next++];
    if (value === undefined || !"svdq".includes(verb))
      throw new SwarmError("invalid", `printf cannot print %${verb}`);
    return verb === "q" ? JSON.stringify(textOf(value)) : textOf(value);
  });
  if (next < args.length) throw new SwarmError("invalid", "printf has too many arguments");
  return text;
}

/** Numbers by their size, text by its order. Throws `invalid` for two kinds. */
function compare(args: readonly Value[]): number {
  const [a, b] = args;
  const isPair = args.length === 2 && typeof a === typeof b && typeof a !== "object";
  if (!isPair || a === undefined || b === undefined)
    throw new SwarmError("invalid", "only two values of one kind can be compared");
  return a < b ? -1 : Number(a > b);
}

function isEqual([first, ...others]: readonly Value[]): boolean {
  if (first === undefined || others.length === 0)
    throw new SwarmError("invalid", "a value is missing");
  return others.some((other) => compare([first, other]) === 0);
}

/** Go's own functions, as far as they are of use here, and swarm mode's `join`. */
export const FUNCTIONS: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  index,
  printf: format,
  print: (args) => args.map(textOf).join(""),
  join: ([separator = "", ...words]) => words.map(textOf).join(textOf(separator)),
  len: ([value = ""]) =>
    typeof value === "object" ? Object.keys(value).length : Buffer.byteLength(textOf(value)),
  not: ([value = ""]) => !isTrue(value),
  and: (args) => args.find((value) => !isTrue(value)) ?? args.at(-1) ?? "",
  or: (args) => args.find(isTrue) ?? args.at(-1) ?? "",
  eq: isEqual,
  ne: (args) => compare(args) !== 0,
  lt: (args) => compare(args) < 0,
  le: (args) => compare(args) <= 0,
  gt: (args) => compare(args) > 0,
  ge: (args) => compare(args) >= 0,
};
