import { SwarmError } from "../../lib/errors.ts";
import { formatValue, isTruthy } from "./value.ts";

/** A function a template may call. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

const text = (value: unknown): string => (typeof value === "string" ? value : formatValue(value));

/** Reads one level of a map or a list; what is absent is undefined, as Go's `<no value>`. */
export function readField(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== "object") {
    throw new SwarmError("invalid", `template: can't read field ${text(key)} of ${text(value)}`);
  }
  return (value as Record<string, unknown>)[text(key)];
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [text(a), text(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `printf` with the verbs that make sense for JSON values: %s %v %d %q %t %f %x, width, %%. */
function printf(format: unknown, ...args: readonly unknown[]): string {
  let at = 0;
  return text(format).replace(/%(-?\d*)(?:\.(\d+))?([svdqtfx%])/g, (_, width, digits, verb) => {
    if (verb === "%") return "%";
    const shown = formatVerb(verb as string, args[at++], digits as string | undefined);
    const columns = Number(width || 0);
    return columns < 0 ? shown.padEnd(-columns) : shown.padStart(columns);
  });
}

function formatVerb(verb: string, value: unknown, digits: string | undefined): string {
  if (verb === "q") return JSON.stringify(text(value));
  if (verb === "f") return Number(value).toFixed(digits === undefined ? 6 : Number(digits));
  if (verb === "x") return Number(value).toString(16);
  return text(value);
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value && typeof value === "object" ? Object.keys(value).length : 0;
}

/** Go's built-in template functions and those that docker adds. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => (Array.isArray(list) ? list.map(text).join(text(separator)) : ""),
  split: (value, separator) => text(value).split(text(separator)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title: (value) => text(value).replace(/\b\w/g, (c) => c.toUpperCase()),
  pad: (value, before, after) =>
    value === "" ? "" : " ".repeat(Number(before)) + text(value) + " ".repeat(Number(after)),
  truncate: (value, length) => text(value).slice(0, Number(length)),
  println: (...args) => `${args.map(text).join(" ")}\n`,
  print: (...args) => args.map(text).join(" "),
  printf,
  len: lengthOf,
  index: (value, ...keys) => keys.reduce(readField, value),
  slice: (value, from, to) =>
    (Array.isArray(value) ? value : text(value)).slice(
      Number(from ?? 0),
      to === undefined ? undefined : Number(to),
    ),
  not: (value) => !isTruthy(value),
  and: (...args) => args.find((value) => !isTruthy(value)) ?? args.at(-1),
  or: (...args) => args.find(isTruthy) ?? args.at(-1),
  eq: (first, ...others) => others.some((other) => compare(first, other) === 0),
  ne: (a, b) => compare(a, b) !== 0,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  html: (value) => text(value).replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`),
};

/** For a table's header row: every function gives its first argument back unchanged. */
export const HEADER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = Object.fromEntries(
  Object.keys(TEMPLATE_FUNCTIONS).map((name) => [name, (value: unknown) => value]),
);
