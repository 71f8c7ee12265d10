/** What one case of a benchmark came to. */
export interface CaseResult {
  /** Stable name, `suite-part/variant`. */
  readonly case: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** Null when the case could not be measured here; the reason is in the log. */
  readonly ours: number | null;
  /** The peer system's figure from the same run; null where there is none or it is not installed. */
  readonly peer: number | null;
  /** How many times better than the peer this is; above 1 = ahead. */
  readonly ratio: number | null;
}

/** One benchmark's outcome, the last line of `npm run bench -- NAME --json`. */
export interface Report {
  readonly name: string;
  readonly results: readonly CaseResult[];
}

/** Values of one case, one for each round; a round of ours is paired with the peer's of the same index. */
export interface Rounds {
  readonly case: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly ours: readonly number[];
  /** @default none */
  readonly peer?: readonly number[];
}

const DIGITS = 4;

/** The middle value; null for no values. */
export function median(values: readonly number[]): number | null {
  return percentile(values, 50);
}

/** The value at or below which `percent` of the values are; null for no values. */
export function percentile(values: readonly number[], percent: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.ceil((percent / 100) * sorted.length) - 1;
  return sorted[Math.max(0, at)] ?? null;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(DIGITS));
}

/** Medians of rounds. The ratio is the median of the rounds' own ratios: load comes and goes. */
export function resultOf({ ours, peer = [], better, ...rest }: Rounds): CaseResult {
  const ratios = ours.flatMap((value, i) => {
    const other = peer[i];
    if (other === undefined || value === 0 || other === 0) return [];
    return [better === "higher" ? value / other : other / value];
  });
  return {
    case: rest.case,
    unit: rest.unit,
    better,
    ours: rounded(median(ours)),
    peer: rounded(median(peer)),
    ratio: rounded(median(ratios)),
  };
}

/** Results as people read them. */
export function toTable(results: readonly CaseResult[]): string {
  const head = ["case", "ours", "peer", "ratio", "unit", "better"];
  const rows = results.map((result) => [
    result.case,
    result.ours?.toString() ?? "-",
    result.peer?.toString() ?? "-",
    result.ratio?.toFixed(2) ?? "-",
    result.unit,
    result.better,
  ]);
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
