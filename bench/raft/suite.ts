import { isInstalled } from "../installed.ts";
import { BenchNetwork } from "../network.ts";
import type { CaseResult } from "../report.ts";
import { wantsAny, type BenchModules, type BenchOptions } from "../suite.ts";
import { loopback, type Site } from "../site.ts";
import { EtcdCluster } from "./etcd-cluster.ts";
import { failoverCases } from "./failover.ts";
import { memoryCases } from "./memory.ts";
import { simulatorCases } from "./simulator.ts";
import { SkepCluster } from "./skep-cluster.ts";
import { soakCases } from "./soak.ts";
import { throughputCases } from "./throughput.ts";

const MEMBERS = 3;

/** Three members on this machine, TLS and synced writes on, beside etcd with the same. */
export async function raftSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const parts = [
    { prefix: "commit", run: commits },
    { prefix: "failover", run: failovers },
    { prefix: "memory", run: memory },
    { prefix: "soak", run: soak },
    { prefix: "sim", run: simulatorCases },
  ];
  const results: CaseResult[] = [];
  for (const { prefix, run } of parts)
    if (wantsAny(options, prefix)) results.push(...(await run(options, modules)));
  return results;
}

async function commits(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  await using skep = await SkepCluster.start(loopback(MEMBERS), modules);
  await using etcd = await peerAt(loopback(MEMBERS), modules);
  return await throughputCases(skep, etcd, options, modules);
}

async function failovers(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const possible = BenchNetwork.isPossible();
  if (!possible) modules.say("links are not cut: that needs root, for network namespaces");
  await using network = possible ? await BenchNetwork.create(MEMBERS) : null;
  const site = network?.site ?? loopback(MEMBERS);
  await using skep = await SkepCluster.start(site, modules);
  await using etcd = await peerAt(site, modules);
  return await failoverCases({ skep, etcd }, network, options, modules);
}

async function memory(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  // A minute of work at full speed: only when asked for.
  if (options.only.length === 0) return [];
  await using skep = await SkepCluster.start(loopback(MEMBERS), modules);
  return await memoryCases(skep, modules);
}

async function soak(
  { kills }: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  if (kills === 0) return [];
  await using skep = await SkepCluster.start(loopback(MEMBERS), modules);
  return await soakCases(skep, kills, modules);
}

function peerAt(site: Site, modules: BenchModules): Promise<EtcdCluster | undefined> {
  return isInstalled("etcd") ? EtcdCluster.start(site, modules) : Promise.resolve(undefined);
}
