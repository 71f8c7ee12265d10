import { sleep } from "../../lib/clock.ts";
import type { BenchNetwork } from "../network.ts";
import { percentile, resultOf, type CaseResult } from "../report.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";
import { until } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { Prober } from "./prober.ts";

/** Writes go on for so long before a fault and after it. */
const CALM_MS = 700;

const MILLISECONDS = 1000;

/** Makes the leader fail and brings it back. */
interface Fault {
  readonly name: string;
  strike(cluster: Cluster, leader: number): Promise<void>;
  heal(cluster: Cluster, leader: number): Promise<void>;
}

function signalled(name: string, signal: NodeJS.Signals): Fault {
  return {
    name,
    strike: (cluster, leader) => cluster.end(leader, signal),
    heal: (cluster, leader) => cluster.restart(leader),
  };
}

function cut(network: BenchNetwork): Fault {
  return {
    name: "cut",
    strike: (_, leader) => network.cut(leader),
    heal: (_, leader) => network.heal(leader),
  };
}

/** The faults that can be made on `network`; null = loopback, where no link can be cut. */
function faultsOn(network: BenchNetwork | null): readonly Fault[] {
  const signals = [signalled("kill", "SIGKILL"), signalled("term", "SIGTERM")];
  return network ? [...signals, cut(network)] : signals;
}

/** The longest time without a confirmed write around a fault of the leader, `runs` times each. */
export async function failoverCases(
  clusters: { readonly skep: Cluster; readonly etcd: Cluster | undefined },
  network: BenchNetwork | null,
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const { skep, etcd } = clusters;
  const results: CaseResult[] = [];
  for (const fault of faultsOn(network)) {
    const name = `failover/${fault.name}`;
    if (!isWanted(options, name)) continue;
    const ours: number[] = [];
    const peer: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      ours.push(await writeGap(skep, fault, modules));
      if (etcd) peer.push(await writeGap(etcd, fault, modules));
      modules.say(`${name}: ${ours.at(-1)?.toFixed(3)} s, peer ${peer.at(-1)?.toFixed(3) ?? "-"}`);
    }
    const shape = { unit: "s", better: "lower" } as const;
    results.push(resultOf({ case: name, ...shape, ours, peer }));
    const worst = (values: readonly number[]): number[] =>
      values.length === 0 ? [] : [percentile(values, 100) as number];
    const all = { case: `${name}/max`, ...shape, ours: worst(ours), peer: worst(peer) };
    results.push(resultOf(all));
  }
  return results;
}

/** Seconds. */
async function writeGap(cluster: Cluster, fault: Fault, modules: BenchModules): Promise<number> {
  const { clock, signal } = modules;
  await cluster.whole();
  const leader = await cluster.leader();
  let number = 0;
  const prober = new Prober(cluster.clients, clock, () => ++number);
  await until("writes work", () => Promise.resolve(prober.acknowledged[0]), signal);
  await sleep(clock, CALM_MS, signal);
  const struck = clock.monotonic();
  const striking = fault.strike(cluster, leader);
  await until(
    "writes work again",
    () => Promise.resolve(prober.lastSuccess > struck + CALM_MS ? true : undefined),
    signal,
  );
  const gap = await prober.stop();
  await striking;
  await fault.heal(cluster, leader);
  return gap / MILLISECONDS;
}
