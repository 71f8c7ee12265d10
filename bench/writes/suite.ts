import { closedLoop, type LoadResult } from "../load.ts";
import { isInstalled } from "../installed.ts";
import { BenchNetwork } from "../network.ts";
import { loopback, type Site } from "../site.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";
import { timeToAssigned } from "./assignment.ts";
import { dockerDaemons, unmountBelow } from "./docker-daemon.ts";
import { skepDaemons } from "./skep-daemon.ts";
import { Swarm, type Daemon, type StartDaemon } from "./swarm.ts";

const MANAGERS = [1, 3];
const CLIENTS = [1, 16, 64];
const REPLICAS = [1, 100, 1000];

/** Three managers and a worker. */
const HOSTS = 4;

const LOAD_MS = 1500;

/** Long-lived daemons are measured, not compilers at work. */
const WARM_UP_CLIENTS = 64;
const WARM_UP_ROUNDS = 3;

const PAYLOAD = Buffer.alloc(192, "x").toString("base64");

/** A system under test and its rival, where there is one. */
interface Pair {
  readonly ours: Swarm;
  readonly peer: Swarm | undefined;
}

/** Changes through the HTTP API, beside Docker's swarm mode. */
export async function writesSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const withDocker = BenchNetwork.isPossible() && isInstalled("dockerd");
  if (!withDocker) modules.say("without Docker: that needs root and dockerd");
  await using network = withDocker ? await BenchNetwork.create(HOSTS) : null;
  const site = network?.site ?? loopback(HOSTS);
  const results: CaseResult[] = [];
  try {
    for (const managers of MANAGERS)
      results.push(...(await withManagers(managers, { site, withDocker }, options, modules)));
  } finally {
    if (withDocker) await unmountBelow(modules.directory);
  }
  return results;
}

async function withManagers(
  managers: number,
  { site, withDocker }: { readonly site: Site; readonly withDocker: boolean },
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const prefix = `writes/${managers}managers`;
  const assigns = managers === 1 && REPLICAS.some((n) => isWanted(options, `assign/${n}`));
  const loads = CLIENTS.filter((clients) => isWanted(options, `${prefix}/${clients}clients`));
  if (!assigns && loads.length === 0) return [];
  const form = (start: StartDaemon): Promise<Swarm> => Swarm.form(start, managers, modules.signal);
  const directory = `${modules.directory}/${managers}`;
  await using ours = await form(skepDaemons(directory, site));
  await using peer = withDocker ? await form(dockerDaemons(directory, site)) : undefined;
  modules.say(`${managers} manager(s) of each system are up`);
  const pair = { ours, peer };
  await throughput(pair, WARM_UP_CLIENTS, { ...options, rounds: WARM_UP_ROUNDS }, modules);
  const results: CaseResult[] = [];
  for (const clients of loads) {
    const found = await throughput(pair, clients, options, modules);
    results.push(...casesOf(`${prefix}/${clients}clients`, found));
    modules.say(`${prefix}/${clients}clients: ${describe(found.ours)}; ${describe(found.peer)}`);
  }
  if (assigns) results.push(...(await assignments(pair, options, modules)));
  return results;
}

interface Found {
  readonly ours: Costed[];
  readonly peer: Costed[];
}

/** Load with what it cost. */
interface Costed extends LoadResult {
  /** CPU time of all daemons for one write, microseconds. */
  readonly cpu: number;
}

async function throughput(
  { ours, peer }: Pair,
  clients: number,
  { rounds }: BenchOptions,
  modules: BenchModules,
): Promise<Found> {
  const found: Found = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    found.ours.push(await createConfigs(ours, clients, modules));
    if (peer) found.peer.push(await createConfigs(peer, clients, modules));
  }
  return found;
}

/** Counts all objects of a run, so that no two have one name. */
let created = 0;

async function createConfigs(
  swarm: Swarm,
  clients: number,
  { clock }: BenchModules,
): Promise<Costed> {
  const before = swarm.cpu();
  const load = await closedLoop({ inFlight: clients, ms: LOAD_MS }, clock, () =>
    swarm.client.call("POST", "/configs/create", { Name: `config-${++created}`, Data: PAYLOAD }),
  );
  const writes = (load.rate * LOAD_MS * 1.2) / 1000;
  return { ...load, cpu: ((swarm.cpu() - before) * 1e6) / writes };
}

function casesOf(name: string, { ours, peer }: Found): readonly CaseResult[] {
  const of = (key: keyof Costed, loads: readonly Costed[]): number[] =>
    loads.map((load) => load[key]);
  const both = (key: keyof Costed) => ({ ours: of(key, ours), peer: of(key, peer) });
  const less = { better: "lower" } as const;
  return [
    resultOf({ case: name, unit: "writes/s", better: "higher", ...both("rate") }),
    resultOf({ case: `${name}/p50`, unit: "ms", ...less, ...both("p50") }),
    resultOf({ case: `${name}/p99`, unit: "ms", ...less, ...both("p99") }),
    resultOf({ case: `${name}/cpu`, unit: "us/write", ...less, ...both("cpu") }),
  ];
}

async function assignments(
  { ours, peer }: Pair,
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const sides = await Promise.all(
    [ours, peer].map(async (swarm) => swarm && { swarm, worker: await swarm.add("Worker") }),
  );
  const results: CaseResult[] = [];
  for (const replicas of REPLICAS) {
    const name = `assign/${replicas}`;
    if (!isWanted(options, name)) continue;
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < options.rounds; round++)
      for (const [i, side] of sides.entries())
        if (side) times[i]?.push(await assigned(side, `${replicas}-${round}`, replicas, modules));
    const [own, other] = times;
    modules.say(`${name}: ${own.join(", ")} ms; ${other.join(", ")} ms`);
    results.push(resultOf({ case: name, unit: "ms", better: "lower", ours: own, peer: other }));
  }
  return results;
}

function assigned(
  side: { readonly swarm: Swarm; readonly worker: Daemon },
  tag: string,
  replicas: number,
  modules: BenchModules,
): Promise<number> {
  return timeToAssigned(side, { name: `assign-${tag}`, replicas }, modules);
}

function describe(loads: readonly Costed[]): string {
  return loads.map(({ rate }) => `${rate.toFixed(0)}/s`).join(", ") || "-";
}
