import type { Clock } from "../lib/clock.ts";
import { percentile } from "./report.ts";

/** A closed loop's outcome. */
export interface LoadResult {
  /** Finished operations a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Shape of a closed loop. */
export interface LoadOptions {
  /** Operations under way at any time. */
  readonly inFlight: number;
  /** Time that is measured, after a warm-up of a fifth of it. */
  readonly ms: number;
}

const WARM_UP = 0.2;

/** Runs `operation` over and over from `inFlight` callers; an error ends the loop. */
export async function closedLoop(
  { inFlight, ms }: LoadOptions,
  clock: Clock,
  operation: (caller: number) => Promise<unknown>,
): Promise<LoadResult> {
  const began = clock.monotonic() + ms * WARM_UP;
  const ends = began + ms;
  const latencies: number[] = [];
  const caller = async (id: number): Promise<void> => {
    for (let start = clock.monotonic(); start < ends;) {
      await operation(id);
      const now = clock.monotonic();
      if (now >= began && now < ends) latencies.push(now - start);
      start = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, id) => caller(id)));
  return {
    rate: (latencies.length * 1000) / ms,
    p50: percentile(latencies, 50) ?? Infinity,
    p99: percentile(latencies, 99) ?? Infinity,
  };
}
