import type { Option } from "commander";
import { repeatedFlag } from "./option.ts";

/** `--filter key=value` pairs as collected from the command line. */
export type Filters = readonly (readonly [string, string])[];

/** `-f, --filter key=value`, repeatable. */
export function filterFlag(): Option {
  return repeatedFlag("f,filter", "filter", "Filter output based on conditions provided", pair);
}

function pair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Error("use key=value");
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

/** Filters by key, as the engine's `filters` parameter wants them. */
export function groupFilters(filters: Filters = []): Record<string, string[]> {
  const grouped: Record<string, string[]> = {};
  for (const [key, value] of filters) (grouped[key] ??= []).push(value);
  return grouped;
}
