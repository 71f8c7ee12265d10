import { make } from "../proto/codec.ts";
import type { ListFilter } from "../proto/generated.ts";
import type { Names } from "./translate/names.ts";
import { badRequest } from "./request-error.ts";

/** The filters of a list request: values by key; values of one key are alternatives. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `filters=`, JSON in either form that clients send: `{"name":{"web":true}}` or
 * `{"name":["web"]}`. In the first the key counts, whatever its value. Throws 400 on bad JSON and
 * on a key not in `known`.
 */
export function parseFilters(query: URLSearchParams, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  for (const [key, values] of Object.entries(readFilters(query))) {
    if (!known.includes(key)) throw badRequest(`invalid filter '${key}'`);
    filters.set(key, valuesOf(key, values));
  }
  return filters;
}

/** The object that `filters=` is, empty where there is none. Throws 400 on bad JSON. */
export function readFilters(query: URLSearchParams): object {
  const text = query.get("filters") ?? "";
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(`invalid filters: not JSON: ${text}`);
  }
  if (typeof value !== "object" || Array.isArray(value))
    throw badRequest("invalid filters: must be an object");
  return value ?? {};
}

function valuesOf(key: string, values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) return values;
  if (typeof values === "object" && values !== null && !Array.isArray(values))
    return Object.keys(values);
  throw badRequest(`invalid filters: the values of '${key}' must be a list or an object`);
}

/** Label filters as the control API takes them: `key=` is the same as `key`. */
export function labelFilters(filters: Filters, key: string): readonly string[] {
  return (filters.get(key) ?? []).map((label) => label.replace(/^([^=]*)=$/, "$1"));
}

/** Values of `key` as enum values; 400 on a word that is none. */
export function enumFilter<T extends number>(
  filters: Filters,
  key: string,
  names: Names<T>,
): readonly T[] {
  return (filters.get(key) ?? []).map((word) => {
    const value = names.value(word);
    if (value === undefined) throw badRequest(`Invalid ${key} filter: '${word}'`);
    return value;
  });
}

/** The part of a filter that all kinds share: ids and names by prefix, labels exactly. */
export function commonFilter(filters: Filters): ListFilter {
  return make("ListFilter", {
    idPrefixes: filters.get("id") ?? [],
    namePrefixes: filters.get("name") ?? [],
    labels: labelFilters(filters, "label"),
  });
}

/** Whether `labels` satisfies every one of `wanted` (`key` or `key=value`). */
export function matchesLabels(
  labels: Readonly<Record<string, string>>,
  wanted: readonly string[],
): boolean {
  return wanted.every((label) => {
    const at = label.indexOf("=");
    if (at < 0) return Object.hasOwn(labels, label);
    const key = label.slice(0, at);
    return Object.hasOwn(labels, key) && labels[key] === label.slice(at + 1);
  });
}
