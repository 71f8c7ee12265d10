import { median, resultOf, type CaseResult } from "../report.ts";
import type { BenchModules } from "../suite.ts";
import type { SkepCluster } from "./skep-cluster.ts";

const ENTRIES = 1_000_000;
const STEPS = 10;

/** Log, caches and heap have taken their size after so many steps. */
const SETTLED_STEPS = 3;

const IN_FLIGHT = 256;
const MIB = 1024 * 1024;

/** Growth of the members' memory from 300,000 entries to a million, snapshots included. */
export async function memoryCases(
  skep: SkepCluster,
  { say }: BenchModules,
): Promise<readonly CaseResult[]> {
  const leader = skep.process(await skep.leader());
  const sizes: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    await leader.call("fill", { entries: ENTRIES / STEPS, inFlight: IN_FLIGHT });
    const all = await Promise.all(skep.pids().map((_, i) => skep.process(i).facts()));
    sizes.push(Math.max(...all.map(({ rss }) => rss)) / MIB);
    say(`memory/1M: ${(step * ENTRIES) / STEPS} entries, ${sizes.at(-1)?.toFixed(0)} MiB`);
  }
  const settled = median(sizes.slice(SETTLED_STEPS, SETTLED_STEPS + 3)) ?? 0;
  const last = median(sizes.slice(-3)) ?? 0;
  const shape = { unit: "MiB", better: "lower" } as const;
  return [
    resultOf({ case: "memory/1M", ...shape, ours: [last] }),
    resultOf({ case: "memory/1M/growth", ...shape, ours: [last - settled] }),
  ];
}
