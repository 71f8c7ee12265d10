import type { Labels } from "../api/types.ts";

/** `{{.Label "key"}}` in a template: the label's value, empty when there is none. */
export function labelReader(labels: Labels | null | undefined): (key: unknown) => string {
  return (key) => labels?.[String(key)] ?? "";
}

/** Labels on one line, in order of key: `a=1,b=2`. */
export function labelText(labels: Labels | null | undefined): string {
  return Object.entries(labels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
