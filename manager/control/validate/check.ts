import { SwarmError } from "../../../lib/errors.ts";

/** The error of a request that breaks a rule; HTTP 400. */
export function invalid(message: string): SwarmError {
  return new SwarmError("invalid", message);
}

/** The error of a request that the cluster's state forbids now; HTTP 400. */
export function forbidden(message: string): SwarmError {
  return new SwarmError("failed-precondition", message);
}

/** Refuses a number that `values` (an enum of the wire format) does not name. */
export function checkEnum(
  value: number,
  values: Readonly<Record<string, number>>,
  what: string,
): void {
  if (!Object.values(values).includes(value)) throw invalid(`invalid ${what}: ${value}`);
}

/** The two in `items` that share a key, if any. */
export function duplicate<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly [T, T] | undefined {
  const seen = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const other = seen.get(key);
    if (other !== undefined) return [other, item];
    seen.set(key, item);
  }
  return undefined;
}
