import { PROFILES } from "../../test/sim/raft/profiles.ts";
import { simulate } from "../../test/sim/raft/simulation.ts";
import { resultOf, type CaseResult } from "../report.ts";
import type { BenchModules, BenchOptions } from "../suite.ts";

/** Runs of one round: each profile in turn, always the same seeds. */
const RUNS = 2 * PROFILES.length;

const MICROSECONDS = 1_000_000;

/**
 * Events that the simulator gets through in a second of processor time, invariants checked after
 * each. It runs in one thread; the collector's own count too.
 */
export async function simulatorCases(
  { rounds }: BenchOptions,
  { say, signal }: BenchModules,
): Promise<readonly CaseResult[]> {
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let events = 0;
    const before = process.cpuUsage();
    for (let i = 0; i < RUNS; i++) {
      signal.throwIfAborted();
      const profile = PROFILES[i % PROFILES.length]!;
      const result = await simulate({ seed: `bench-${i}`, profile });
      if (result.violation) throw result.violation;
      events += result.events;
    }
    const { user, system } = process.cpuUsage(before);
    ours.push((events / (user + system)) * MICROSECONDS);
    say(`sim/events: ${events} events, ${Math.round(ours.at(-1) ?? 0)} a second of CPU`);
  }
  return [resultOf({ case: "sim/events", unit: "events/s", better: "higher", ours })];
}
