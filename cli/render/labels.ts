import type { Labels } from "../api/types.ts";

/** Labels on one line, in order of key: `a=1,b=2`. */
export function labelText(labels: Labels | null | undefined): string {
  return Object.entries(labels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
