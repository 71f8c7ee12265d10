/**
 * Splits a flag's value at commas, `"quoted"` parts kept whole as in a CSV record, into
 * `key=value` pairs; a bare word is a key without value. Keys are lower-cased.
 */
export function parseFields(text: string): readonly (readonly [string, string | undefined])[] {
  return splitCsv(text).map((field) => {
    const at = field.indexOf("=");
    return at < 0
      ? ([field.toLowerCase(), undefined] as const)
      : ([field.slice(0, at).toLowerCase(), field.slice(at + 1)] as const);
  });
}

function splitCsv(text: string): readonly string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  for (const match of text.matchAll(pattern)) {
    fields.push(match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'));
    if (match[3] === "") return fields;
  }
  throw new Error("a quote is not closed");
}

/** The value of `key=value`; a key that needs one and has none is refused. */
export function needValue(key: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`field '${key}' must be a key=value pair`);
  return value;
}

/** A boolean field: bare means true. */
export function fieldFlag(key: string, value: string | undefined): boolean {
  if (value === undefined || /^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new Error(`invalid value for ${key}: ${value}`);
}

/** `key=value` items as a map; an item without `=` has an empty value. */
export function toMap(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(items.map(splitPair));
}

/** The parts of `key=value` around the first `=`. */
export function splitPair(item: string): readonly [string, string] {
  const at = item.indexOf("=");
  return at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
}

/** The last item of each `key`, in the order of those last items, as docker merges `--env`. */
export function lastOfEachKey(items: readonly string[]): readonly string[] {
  const last = new Map<string, string>();
  for (const item of items) {
    const [key] = splitPair(item);
    last.delete(key);
    last.set(key, item);
  }
  return [...last.values()];
}
