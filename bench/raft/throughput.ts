import { cpuSeconds } from "../cpu-time.ts";
import { closedLoop, type LoadResult } from "../load.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";
import type { Cluster } from "./cluster.ts";
import type { SkepCluster } from "./skep-cluster.ts";

const IN_FLIGHT = [1, 16, 64, 256];

const LOAD_MS = 1500;

/** Leaders change on a machine that has no time for them. */
const ATTEMPTS_MAX = 3;

const MICROSECONDS = 1e6;

/** Load with what it cost. */
interface Costed extends LoadResult {
  /** CPU time of all members for one commit, microseconds. */
  readonly cpu: number;
}

/** What a case measures, and how it is named and compared. */
const MEASURES = [
  { suffix: "", key: "rate", unit: "commits/s", better: "higher" },
  { suffix: "/p50", key: "p50", unit: "ms", better: "lower" },
  { suffix: "/p99", key: "p99", unit: "ms", better: "lower" },
  { suffix: "/cpu", key: "cpu", unit: "us/commit", better: "lower" },
] as const;

/** Commits with proposers in the leader's process, and over gRPC beside etcd's. */
export async function throughputCases(
  skep: SkepCluster,
  etcd: Cluster | undefined,
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  await warmUp(skep, etcd, modules);
  for (const inFlight of IN_FLIGHT) {
    const name = `commit/local/${inFlight}`;
    if (!isWanted(options, name)) continue;
    const ours = await rounds(options, () => localLoad(skep, inFlight));
    results.push(...casesOf(name, ours, []));
    modules.say(`${name}: ${summary(ours)}`);
  }
  for (const inFlight of IN_FLIGHT) {
    const name = `commit/grpc/${inFlight}`;
    if (!isWanted(options, name)) continue;
    const ours: Costed[] = [];
    const peer: Costed[] = [];
    for (let round = 0; round < options.rounds; round++) {
      ours.push(await remoteLoad(skep, inFlight, modules));
      if (etcd) peer.push(await remoteLoad(etcd, inFlight, modules));
    }
    results.push(...casesOf(name, ours, peer));
    modules.say(`${name}: ${summary(ours)}; peer: ${summary(peer)}`);
  }
  return results;
}

/** Rounds of each load before anything is measured. */
const WARM_UP_ROUNDS = 6;

/** Long-lived processes are measured, not compilers at work: one write takes other ways than many. */
async function warmUp(
  skep: SkepCluster,
  etcd: Cluster | undefined,
  modules: BenchModules,
): Promise<void> {
  modules.say("warming up");
  for (let i = 0; i < WARM_UP_ROUNDS; i++) {
    await localLoad(skep, 64);
    for (const inFlight of [64, 8, 1]) {
      await remoteLoad(skep, inFlight, modules);
      if (etcd) await remoteLoad(etcd, inFlight, modules);
    }
  }
}

async function rounds<T>({ rounds: count }: BenchOptions, round: () => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (let i = 0; i < count; i++) found.push(await round());
  return found;
}

async function localLoad(skep: SkepCluster, inFlight: number): Promise<Costed> {
  return costed(skep, async () => {
    const leader = skep.process(await skep.leader());
    return leader.call("load", { inFlight, ms: LOAD_MS });
  });
}

async function remoteLoad(
  cluster: Cluster,
  inFlight: number,
  { clock }: BenchModules,
): Promise<Costed> {
  return costed(cluster, async () => {
    const client = cluster.clients[await cluster.leader()];
    if (!client) throw new Error("the leader has no client");
    return closedLoop({ inFlight, ms: LOAD_MS }, clock, (caller) => client.put(caller));
  });
}

/** Runs a load with its costs. One that a change of leader interrupts is run again. */
async function costed(cluster: Cluster, load: () => Promise<LoadResult>): Promise<Costed> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await costedOnce(cluster, load);
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX) throw error;
      await cluster.whole();
    }
  }
}

async function costedOnce(cluster: Cluster, load: () => Promise<LoadResult>): Promise<Costed> {
  const before = cpuSeconds(cluster.pids());
  const result = await load();
  const used = cpuSeconds(cluster.pids()) - before;
  // The warm-up is paid for too.
  const commits = (result.rate * LOAD_MS * 1.2) / 1000;
  return { ...result, cpu: (used * MICROSECONDS) / commits };
}

function casesOf(
  name: string,
  ours: readonly Costed[],
  peer: readonly Costed[],
): readonly CaseResult[] {
  return MEASURES.map(({ suffix, key, unit, better }) =>
    resultOf({
      case: `${name}${suffix}`,
      unit,
      better,
      ours: ours.map((round) => round[key]),
      peer: peer.map((round) => round[key]),
    }),
  );
}

function summary(loads: readonly LoadResult[]): string {
  return loads.map(({ rate, p50 }) => `${rate.toFixed(0)}/s p50 ${p50.toFixed(1)}`).join(", ");
}
