import { BenchNetwork } from "../network.ts";
import { resultOf, type CaseResult } from "../report.ts";
import type { Site } from "../site.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";
import { BenchImage, hasEngines } from "./engine.ts";
import { restart, startAndRemove, update, workerKill } from "./measures.ts";
import type { Measure, StartAndRemove } from "./measures.ts";
import { Side } from "./side.ts";

const REPLICAS = [1, 10, 50];

/** Replicas of the case whose removal counts too. */
const REMOVED = 50;

const MEASURES: Readonly<Record<string, Measure>> = { "update/10": update, restart };

/** A manager and the worker that lives; every loss of a worker needs one more. */
const LASTING_HOSTS = 2;

/** Both systems, ours first. */
type Sides = readonly [Side, Side];

/** Containers on the same build of the Docker Engine: ours beside Docker's own swarm mode. */
export async function containersSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  if (!BenchNetwork.isPossible() || !hasEngines())
    throw new Error("this benchmark needs root, docker.io and busybox-static");
  const size = LASTING_HOSTS + options.rounds;
  await using network = await BenchNetwork.create(size * 2);
  const image = new BenchImage(modules.directory);
  const at = (from: number): Site => ({
    hosts: network.site.hosts.slice(from, from + size),
    namespaces: network.site.namespaces.slice(from, from + size),
  });
  await using ours = await Side.form("skep", { site: at(0), image }, modules);
  await using peer = await Side.form("docker", { site: at(size), image }, modules);
  const sides: Sides = [ours, peer];
  modules.say("a manager of each system is up, each with an engine of its own");
  await startAndRemove(ours, { replicas: 1, round: -1 }, modules);
  await startAndRemove(peer, { replicas: 1, round: -1 }, modules);
  const results = [...(await starts(sides, options, modules))];
  for (const [name, measure] of Object.entries(MEASURES))
    if (isWanted(options, name))
      results.push(await compare(name, measure, sides, options, modules));
  if (isWanted(options, "worker-kill")) {
    await ours.swarm.add("Worker");
    await peer.swarm.add("Worker");
    results.push(await compare("worker-kill", workerKill, sides, options, modules));
  }
  return results;
}

async function starts(
  sides: Sides,
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const replicas of REPLICAS) {
    const [name, removal] = [`start/${replicas}`, `rm/${replicas}`];
    const removes = replicas === REMOVED && isWanted(options, removal);
    if (!isWanted(options, name) && !removes) continue;
    const found: [StartAndRemove[], StartAndRemove[]] = [[], []];
    for (let round = 0; round < options.rounds; round++)
      for (const i of [0, 1] as const)
        found[i].push(await startAndRemove(sides[i], { replicas, round }, modules));
    const cases: [string, keyof StartAndRemove][] = [];
    if (isWanted(options, name)) cases.push([name, "start"], [`${name}/cpu`, "startCpu"]);
    if (removes) cases.push([removal, "remove"], [`${removal}/cpu`, "removeCpu"]);
    for (const [title, key] of cases) {
      const of = (side: readonly StartAndRemove[]): number[] => side.map((one) => one[key]);
      results.push(result(title, [of(found[0]), of(found[1])], modules));
    }
  }
  return results;
}

async function compare(
  name: string,
  measure: Measure,
  sides: Sides,
  { rounds }: BenchOptions,
  modules: BenchModules,
): Promise<CaseResult> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const i of [0, 1] as const) times[i].push(await measure(sides[i], round, modules));
  return result(name, times, modules);
}

function result(
  name: string,
  [ours, peer]: readonly [readonly number[], readonly number[]],
  { say }: BenchModules,
): CaseResult {
  say(`${name}: ${ours.join(", ")} s; docker ${peer.join(", ")} s`);
  return resultOf({ case: name, unit: "s", better: "lower", ours, peer });
}
