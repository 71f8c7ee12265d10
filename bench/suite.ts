import type { Clock } from "../lib/clock.ts";
import type { CaseResult } from "./report.ts";

/** What was asked for on the command line. */
export interface BenchOptions {
  /** Cases whose name begins with one of these; empty = all. */
  readonly only: readonly string[];
  /** Rounds of throughput, of which the median counts. */
  readonly rounds: number;
  /** Repetitions of a fail-over. */
  readonly runs: number;
  /** Kills of the soak case; 0 leaves it out. */
  readonly kills: number;
}

/** What a suite works with. */
export interface BenchModules {
  readonly clock: Clock;
  /** A directory of the run's own; removed afterwards. */
  readonly directory: string;
  /** Tells a person what is going on; goes to standard error. */
  readonly say: (text: string) => void;
  /** Aborts when the run is over or was interrupted. */
  readonly signal: AbortSignal;
}

/** One benchmark. */
export type Suite = (
  options: BenchOptions,
  modules: BenchModules,
) => Promise<readonly CaseResult[]>;

/** Whether a case was asked for; a prefix of it is enough. */
export function isWanted({ only }: BenchOptions, name: string): boolean {
  return only.length === 0 || only.some((prefix) => name.startsWith(prefix));
}

/** Whether any case was asked for whose name begins with `prefix`. */
export function wantsAny(options: BenchOptions, prefix: string): boolean {
  return isWanted(options, prefix) || options.only.some((name) => name.startsWith(prefix));
}
