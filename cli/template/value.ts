/** Whether Go's templates take `value` as true: not zero, empty or nil. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Prints a JSON value the way Go's `%v` prints its counterpart: `map[a:b]`, `[1 2]`, `<nil>`. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(formatValue).join(" ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}:${formatValue(item)}`);
    return `map[${entries.join(" ")}]`;
  }
  return String(value as string | number | boolean);
}
