import { silentLog } from "../lib/log.ts";
import { SeededRandom } from "../lib/random.ts";
import { PlacementStrategy } from "../proto/generated.ts";
import { runScheduler } from "../manager/scheduler/scheduler.ts";
import type { Store } from "../manager/store/store.ts";
import { resultOf, type CaseResult } from "./report.ts";
import { filledStore, type Shape } from "./scheduler-fill.ts";
import { isWanted, type BenchModules, type BenchOptions } from "./suite.ts";
import { TurnGauge } from "./scheduler-turns.ts";

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

/** One run: seconds until every task has a node, and the longest turn of the event loop. */
interface Run {
  readonly seconds: number;
  readonly stretchMs: number;
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
  const gauge = new TurnGauge(clock);
  const all = assigned(store, shape.tasks);
  const cpu = process.cpuUsage();
  const began = clock.monotonic();
  const running = runScheduler({ store, clock, random, log: silentLog }, abort.signal);
  await all;
  const seconds = (clock.monotonic() - began) / 1000;
  const { longestMs, p999Ms } = gauge.stop();
  const { user, system } = process.cpuUsage(cpu);
  abort.abort();
  await running;
  store.close();
  const rate = Math.round(shape.tasks / seconds);
  const cpuSeconds = ((user + system) / MICROS).toFixed(2);
  const memory = Math.round(process.memoryUsage().heapUsed / MIB);
  say(
    `  ${seconds.toFixed(3)} s, ${cpuSeconds} s of CPU, ${rate} tasks/s, ${memory} MiB of heap, ` +
      `longest turn ${longestMs.toFixed(1)} ms (p99.9 ${p999Ms.toFixed(1)})`,
  );
  return { seconds, stretchMs: longestMs };
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
        results.push(
          resultOf({
            case: `assign/${variant}`,
            unit: "s",
            better: "lower",
            ours: runs.map((run) => run.seconds),
          }),
          resultOf({
            case: `stretch/${variant}`,
            unit: "ms",
            better: "lower",
            ours: runs.map((run) => run.stretchMs),
          }),
        );
      }
    }
  }
  return results;
}
