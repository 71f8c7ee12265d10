import { readFileSync } from "node:fs";
import { sleep } from "../../lib/clock.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { median, resultOf, type CaseResult } from "../report.ts";
import { loopback } from "../site.ts";
import { residentMb } from "../resident.ts";
import { isWanted, wantsAny, type BenchModules, type BenchOptions } from "../suite.ts";
import { until } from "../waiting.ts";
import { logs, LOUD } from "./logs.ts";
import { parallel } from "./parallel.ts";
import { skepDaemons } from "../writes/skep-daemon.ts";
import { Swarm, type Daemon } from "../writes/swarm.ts";

/** Replicas that are timed from their creation until all run. */
const STARTED = 500;
/** Tasks under which an idle swarmd is watched, and how long. */
const IDLE_TASKS = 2_000;
const IDLE_MS = 20_000;
/** How long a swarmd is left alone before it counts as idle. */
const SETTLE_MS = 10_000;
const RSS_SAMPLES = 10;
const SAMPLE_PERIOD_MS = 1_000;
const IDLE = ["sleep", "86400"];
const PATIENCE_MS = 600_000;
/** Often enough for figures of seconds, and next to nothing for the manager. */
const POLL_MS = 50;

interface ServiceStatus {
  readonly ServiceStatus?: { readonly RunningTasks: number };
}

/** A manager that runs nothing, and the worker whose swarmd is measured. */
interface Pair {
  readonly swarm: Swarm;
  readonly manager: Daemon;
  readonly worker: Daemon;
}

async function runningTasks({ swarm }: Pair): Promise<number> {
  const services = (await swarm.client.call("GET", "/services?status=true")) as ServiceStatus[];
  return services.reduce((sum, { ServiceStatus: s }) => sum + (s?.RunningTasks ?? 0), 0);
}

/** Creates a service of processes and resolves when all of them run. */
async function create(
  pair: Pair,
  replicas: number,
  { signal }: BenchModules,
  program: readonly string[] = IDLE,
): Promise<string> {
  const { ID } = (await pair.swarm.client.call("POST", "/services/create", {
    Name: `processes-${replicas}`,
    Labels: { "skep.runtime": "process" },
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: {
      ContainerSpec: { Image: "process", Args: program },
      Placement: { Constraints: ["node.role==worker"] },
    },
  })) as { ID: string };
  const done = async (): Promise<true | undefined> =>
    (await runningTasks(pair)) >= replicas ? true : undefined;
  await until(`${replicas} processes run`, done, signal, PATIENCE_MS, POLL_MS);
  return ID;
}

function pidOf({ process }: Daemon): number {
  return process.pid ?? 0;
}

async function remove(pair: Pair, id: string, { signal }: BenchModules): Promise<void> {
  await pair.swarm.client.call("DELETE", `/services/${id}`);
  const none = async (): Promise<true | undefined> =>
    childrenOf(startersOf(pidOf(pair.worker))[0] ?? 0).length === 0 ? true : undefined;
  await until("no process is left", none, signal, PATIENCE_MS, POLL_MS);
}

function childrenOf(pid: number): readonly number[] {
  if (pid === 0) return [];
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return text.split(" ").filter(Boolean).map(Number);
}

/** The process that starts tasks for a swarmd: the only one that it starts itself. None before the first. */
function startersOf(pid: number): readonly number[] {
  return childrenOf(pid).slice(0, 1);
}

/** CPU seconds that both swarmds, and what starts the tasks for them, have used. */
function cpuOf({ swarm, worker }: Pair): number {
  return swarm.cpu() + cpuSeconds(startersOf(pidOf(worker)));
}

async function rss(pair: Pair, { clock, signal }: BenchModules): Promise<CaseResult> {
  await sleep(clock, SETTLE_MS, signal);
  const samples: number[] = [];
  for (let i = 0; i < RSS_SAMPLES; i++) {
    samples.push(residentMb(pidOf(pair.worker)));
    await sleep(clock, SAMPLE_PERIOD_MS, signal);
  }
  const ours = [median(samples) ?? 0];
  return resultOf({ case: "rss/worker", unit: "MB", better: "lower", ours });
}

async function starts(
  pair: Pair,
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const [seconds, cpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    const from = modules.clock.monotonic();
    const before = cpuOf(pair);
    const id = await create(pair, STARTED, modules);
    seconds.push((modules.clock.monotonic() - from) / 1000);
    cpu.push(cpuOf(pair) - before);
    modules.say(`${STARTED} processes run after ${seconds.at(-1)?.toFixed(2)} s`);
    await remove(pair, id, modules);
  }
  const name = `start/${STARTED}`;
  return [
    resultOf({ case: name, unit: "s", better: "lower", ours: seconds }),
    resultOf({ case: `${name}/cpu`, unit: "CPU s of swarmd", better: "lower", ours: cpu }),
  ];
}

async function idle(pair: Pair, modules: BenchModules): Promise<readonly CaseResult[]> {
  const { clock, signal } = modules;
  const id = await create(pair, IDLE_TASKS, modules);
  await sleep(clock, SETTLE_MS, signal);
  const used = (): readonly number[] =>
    [pair.worker, pair.manager].map((daemon) => {
      const pid = pidOf(daemon);
      return cpuSeconds([pid, ...startersOf(pid)]);
    });
  const from = clock.monotonic();
  const before = used();
  await sleep(clock, IDLE_MS, signal);
  const seconds = (clock.monotonic() - from) / 1000;
  const shares = used().map((cpu, i) => ((cpu - (before[i] ?? 0)) / seconds) * 100);
  await remove(pair, id, modules);
  return [`idle/${IDLE_TASKS}`, `idle/${IDLE_TASKS}/manager`].map((name, i) =>
    resultOf({ case: name, unit: "% of a core", better: "lower", ours: [shares[i] ?? 0] }),
  );
}

async function loud(pair: Pair, modules: BenchModules): Promise<readonly CaseResult[]> {
  const service = await create(pair, 1, modules, LOUD);
  const pids = [pidOf(pair.worker), pidOf(pair.manager)];
  const results = await logs({ socketPath: pair.manager.socketPath, service, pids }, modules);
  await remove(pair, service, modules);
  return results;
}

/** Plain processes on one worker, sandboxed where this is root, as `swarmd` runs them. */
export async function processesSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [...(await parallel(options, modules))];
  if (!["rss/", "start/", "idle/", "logs/"].some((part) => wantsAny(options, part))) return results;
  const start = skepDaemons(modules.directory, loopback(2));
  const daemons: Daemon[] = [];
  const keep = async (index: number): Promise<Daemon> => {
    const daemon = await start(index);
    daemons.push(daemon);
    return daemon;
  };
  await using swarm = await Swarm.form(keep, 1, modules.signal);
  const worker = await swarm.add("Worker");
  const pair: Pair = { swarm, manager: daemons[0] as Daemon, worker };
  modules.say("a manager and a worker are up");
  if (isWanted(options, "rss/worker")) results.push(await rss(pair, modules));
  if (wantsAny(options, "start/")) results.push(...(await starts(pair, options, modules)));
  if (wantsAny(options, "logs/")) results.push(...(await loud(pair, modules)));
  if (wantsAny(options, "idle/")) results.push(...(await idle(pair, modules)));
  return results;
}
