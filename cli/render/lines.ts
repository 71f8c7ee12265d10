/** A line of prose output; undefined, and it is left out. */
export type Line = string | undefined;

/** `label: value` when there is a value. */
export function field(label: string, value: string | number | undefined): Line {
  return value === undefined || value === "" ? undefined : `${label}: ${value}`;
}

/** `title` over `lines`, one blank deeper; nothing when there are no lines. */
export function block(title: string, lines: readonly Line[]): readonly string[] {
  const shown = lines.filter((line) => line !== undefined);
  return shown.length === 0 ? [] : [`${title}:`, ...shown.map((line) => ` ${line}`)];
}

/** A map as one line a pair, in order of key. */
export function pairs(map: Readonly<Record<string, string>> | null | undefined): readonly string[] {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}${value === "" ? "" : `=${value}`}`);
}
