import { silentLog } from "../lib/log.ts";
import { SeededRandom } from "../lib/random.ts";
import { PlacementStrategy } from "../proto/generated.ts";
import { runScheduler } from "../manager/scheduler/scheduler.ts";
import type { Store } from "../manager/store/store.ts";
import { watchLoop } from "./loop-delay.ts";
import { resultOf, type CaseResult } from "./report.ts";
import { filledStore, type Shape } from "./scheduler-fill.ts";
import { isWanted, type BenchModules, type BenchOptions } from "./suite.ts";

const NODES = [100, 1_000, 5_000];
const TASKS = [1_000, 100_000];
const STRATEGIES = [
  ["spread", PlacementStrategy.SPREAD],
  ["binpack", PlacementStrategy.BINPACK],
  ["random", PlacementStrategy.RANDOM],
] as const;

/** Microseconds in a second, and bytes in a mebibyte. */
const MICROS = 1e6;
const MIB = 2 ** 20;

/** One run: seconds until every task has a node, and the longest stretch of the event loop. */
interface Run {
  readonly seconds: number;
  /** CPU time of the longest stretch: what it would take on a machine of its own. */
  readonly stretchMs: number;
  /** The same by the clock, other processes' turns included. */
  readonly stretchWallMs: number;
}

/** Resolves when `count` tasks were assigned. */
function assigned(store: Store, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const off = store.onCommit(({ events }) => {
      for (const event of events)
        if (event.kind === "task" && event.object.nodeId !== "" && event.old?.nodeId === "") left--;
      if (left > 0) return;
      off();
      resolve();
    });
  });
}

async function measure(shape: Shape, { clock, say }: BenchModules): Promise<Run> {
  const store = await filledStore(shape, clock);
  const abort = new AbortController();
  const random = new SeededRandom("scheduler");
  const watched = watchLoop(clock);
  const all = assigned(store, shape.tasks);
  const cpu = process.cpuUsage();
  const began = clock.monotonic();
  const running = runScheduler({ store, clock, random, log: silentLog }, abort.signal);
  await all;
  const seconds = (clock.monotonic() - began) / 1000;
  const { max, cpuMax, cpuP99 } = watched();
  const { user, system } = process.cpuUsage(cpu);
  abort.abort();
  await running;
  store.close();
  const rate = Math.round(shape.tasks / seconds);
  const cpuSeconds = ((user + system) / MICROS).toFixed(2);
  const memory = Math.round(process.memoryUsage().heapUsed / MIB);
  say(
    `  ${seconds.toFixed(3)} s, ${cpuSeconds} s of CPU, ${rate} tasks/s, ${memory} MiB of heap, ` +
      `longest stretch ${cpuMax.toFixed(1)} ms of CPU (p99 ${cpuP99.toFixed(1)}), ${max.toFixed(1)} ms`,
  );
  return { seconds, stretchMs: cpuMax, stretchWallMs: max };
}

function resultsOf(variant: string, runs: readonly Run[]): readonly CaseResult[] {
  const lower = (part: string, unit: string, valueOf: (run: Run) => number): CaseResult =>
    resultOf({ case: `${part}/${variant}`, unit, better: "lower", ours: runs.map(valueOf) });
  return [
    lower("assign", "s", (run) => run.seconds),
    lower("stretch", "ms", (run) => run.stretchMs),
    lower("stretch-wall", "ms", (run) => run.stretchWallMs),
  ];
}

/**
 * From pending in the store to assigned in the store, on a store whose consensus costs nothing:
 * what is measured is placing, encoding, applying and following the changes.
 */
export async function schedulerSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const nodes of NODES) {
    for (const tasks of TASKS) {
      for (const [name, strategy] of STRATEGIES) {
        const variant = `${nodes}x${tasks}/${name}`;
        if (!["assign", "stretch"].some((part) => isWanted(options, `${part}/${variant}`)))
          continue;
        modules.say(variant);
        const runs: Run[] = [];
        for (let round = 0; round < options.rounds && !modules.signal.aborted; round++)
          runs.push(await measure({ nodes, tasks, strategy }, modules));
        results.push(...resultsOf(variant, runs));
      }
    }
  }
  return results;
}
