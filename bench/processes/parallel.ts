import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { silentLog } from "../../lib/log.ts";
import { noFiles, processTask } from "../../test/worker/runtime/tasks.ts";
import { openProcessRuntime } from "../../worker/runtime/process/process-runtime.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";

const STARTS = 100;
const AT_A_TIME = [1, 2, 4, 8];
const NODE = { nodeId: "node1", hostname: "host", architecture: "x86_64", os: "linux" };
const PERCENTILE = 99;

interface Measured {
  readonly ms: number;
  /** How long the event loop stood still, 99th percentile. */
  readonly delayMs: number;
}

/** Starts processes in a runtime alone, `startsMax` at a time. */
async function measure(
  startsMax: number,
  { clock, directory, signal }: BenchModules,
): Promise<Measured> {
  const dir = await mkdtemp(join(directory, "parallel-"));
  const runtime = await openProcessRuntime(
    { dir, startsMax, node: NODE, launchProcess: true },
    { clock, log: silentLog },
  );
  await runtime.adopt(new Set(), signal);
  const controllers = Array.from({ length: STARTS }, (_, i) =>
    runtime.controller(processTask(`t${i}`, { command: ["sleep", "1000"] }), noFiles),
  );
  for (const controller of controllers) await controller.prepare(signal);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const from = clock.monotonic();
  try {
    await Promise.all(controllers.map((controller) => controller.start(signal)));
    const ms = clock.monotonic() - from;
    return { ms, delayMs: delay.percentile(PERCENTILE) / 1e6 };
  } finally {
    delay.disable();
    for (const controller of controllers) await controller.remove(signal);
    await runtime.close();
  }
}

/** What starting several processes at a time gains, and what it costs the event loop. */
export async function parallel(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const atATime of AT_A_TIME) {
    const name = `parallel/${atATime}`;
    if (!isWanted(options, name)) continue;
    const rounds: Measured[] = [];
    for (let i = 0; i < options.rounds; i++) rounds.push(await measure(atATime, modules));
    const better = "lower";
    const [ms, delay] = [rounds.map((r) => r.ms), rounds.map((r) => r.delayMs)];
    results.push(
      resultOf({ case: name, unit: `ms for ${STARTS} starts`, better, ours: ms }),
      resultOf({ case: `${name}/delay`, unit: "ms p99", better, ours: delay }),
    );
  }
  return results;
}
