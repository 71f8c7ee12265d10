/** `object` without fields that are undefined, an empty text, an empty list or an empty map. */
export function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isBlank(value))) as T;
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Whether any of `values` was given on the command line. */
export function isAnyGiven(...values: readonly unknown[]): boolean {
  return values.some((value) => value !== undefined);
}

/** `object` without the fields that are undefined, so that it can be spread over another. */
export function given<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
