import { sleep } from "../../lib/clock.ts";
import { percentile, resultOf, type CaseResult } from "../report.ts";
import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import { Prober } from "./prober.ts";
import type { SkepCluster } from "./skep-cluster.ts";

/** Clients that write all the time. */
const WRITERS = 8;

/** Each rests so long after a write: a group at its limit takes long to start a member. */
const REST_MS = 10;

/** Every so many kills it is a follower that dies. */
const FOLLOWER_EVERY = 4;

/** Writes go on for so long between two kills. */
const CALM_MS = 200;

const MILLISECONDS = 1000;

/**
 * Kills members, mostly leaders, under write load; in the end every acknowledged write must be on
 * every member.
 */
export async function soakCases(
  skep: SkepCluster,
  kills: number,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  let number = 0;
  const writers = Array.from(
    { length: WRITERS },
    () => new Prober(skep.clients, modules.clock, () => ++number, REST_MS),
  );
  const gaps: number[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    gaps.push(await killOne(skep, writers, kill, modules));
    if (kill % 10 === 0) modules.say(`soak: ${kill} kills, ${number} writes`);
  }
  for (const writer of writers) await writer.stop();
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  await skep.whole();
  const lost = new Set<number>();
  for (const i of skep.clients.keys())
    for (const missing of await skep.process(i).call("missing", acknowledged)) lost.add(missing);
  modules.say(`soak: ${acknowledged.length} acknowledged, ${lost.size} lost`);
  const shape = { better: "lower" } as const;
  return [
    resultOf({ case: "soak/lost", unit: "writes", ...shape, ours: [lost.size] }),
    resultOf({ case: "soak/gap", unit: "s", ...shape, ours: gaps }),
    resultOf({
      case: "soak/gap/max",
      unit: "s",
      ...shape,
      ours: [percentile(gaps, 100) ?? 0],
    }),
  ];
}

/** Seconds until a write was confirmed again. */
async function killOne(
  skep: SkepCluster,
  writers: readonly Prober[],
  kill: number,
  { clock, signal }: BenchModules,
): Promise<number> {
  await skep.whole();
  await sleep(clock, CALM_MS, signal);
  const leader = await skep.leader();
  const victim = kill % FOLLOWER_EVERY === 0 ? (leader + 1) % skep.clients.length : leader;
  await skep.end(victim, "SIGKILL");
  const struck = clock.monotonic();
  const confirmed = await until(
    "writes work again",
    () => Promise.resolve(writers.map((w) => w.lastSuccess).find((at) => at > struck)),
    signal,
  );
  await skep.restart(victim);
  return (confirmed - struck) / MILLISECONDS;
}
