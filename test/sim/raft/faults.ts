import type { SeededRandom } from "../../../lib/random.ts";
import type { FaultKind } from "./profiles.ts";

/** One decision of the fault script. It is the whole of it: to leave it out leaves it undone. */
export interface Fault {
  /** µs since the start. */
  readonly at: number;
  readonly kind: FaultKind;
  /** How long it lasts, µs. */
  readonly lasts: number;
  /** What else is to be decided, drawn beforehand: uniform integers below 2^30. */
  readonly draws: readonly number[];
}

const DRAWS = 8;
const DRAW_BOUND = 2 ** 30;

/** Shortest and longest duration by kind, µs; others are over at once. */
const DURATIONS: Partial<Record<FaultKind, readonly [number, number]>> = {
  crash: [1_000, 4_000_000],
  "crash-all": [1_000, 2_000_000],
  "disk-slow": [500_000, 6_000_000],
  "disk-stall": [50_000, 3_000_000],
  "disk-full": [100_000, 3_000_000],
  pause: [20_000, 6_000_000],
  "host-stall": [100_000, 13_000_000],
  "clock-rate": [2_000_000, 15_000_000],
  weather: [500_000, 8_000_000],
  split: [200_000, 6_000_000],
  "one-way": [200_000, 6_000_000],
  isolate: [200_000, 6_000_000],
  bridge: [500_000, 6_000_000],
  flap: [500_000, 5_000_000],
  clog: [50_000, 3_000_000],
  replace: [10_000, 3_000_000],
};

/** Draws the script of a run: exponential pauses, durations skewed to the short side. */
export function drawFaults(
  random: SeededRandom,
  { kinds, gapMs, faultMs }: { kinds: readonly FaultKind[]; gapMs: number; faultMs: number },
): Fault[] {
  const faults: Fault[] = [];
  let at = 1_500_000;
  for (;;) {
    at += Math.round(-Math.log(1 - random.float()) * gapMs * 1000);
    if (at >= faultMs * 1000) return faults;
    const kind = kinds[random.int(kinds.length)]!;
    const [min, max] = DURATIONS[kind] ?? [0, 0];
    const lasts = min + Math.round(random.float() ** 2 * (max - min));
    const draws = Array.from({ length: DRAWS }, () => random.int(DRAW_BOUND));
    faults.push({ at, kind, lasts, draws });
  }
}
