import { readFileSync, writeFileSync } from "node:fs";
import { simulateSwarm, type SwarmOptions, type SwarmResult } from "../swarm/simulation.ts";
import { SWARM_REGRESSIONS } from "../swarm/regressions.ts";
import { shrinkList, shrinkNumber } from "../shrink.ts";
import type { Task, TaskResult } from "./worker.ts";

/** Longest line of a printed event. */
const LINE_MAX = 400;

/** Runs that may be spent on making one failure smaller. */
const RUNS_MAX = 60;

/** One line about a run. */
function summaryOf(result: SwarmResult): string {
  const { options, events, virtualMs, requests, commits, recoveryMs, hash, violation } = result;
  const verdict = violation ? `FAILED ${violation.invariant}: ${violation.message}` : "ok";
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  return (
    `swarm ${options.seed}: ${verdict} (${events} events, ${seconds(virtualMs)} s, ` +
    `${requests} requests, ${commits} commits, recovered in ${seconds(recoveryMs)} s, ${hash})`
  );
}

/** All about a run that has failed: what, the last events, the state, how to see it again. */
function reportOf(result: SwarmResult): string {
  const { options, violation, trace, members, objects, plan, events, virtualMs } = result;
  const cut = (line: string): string =>
    line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line;
  return [
    `Node ${process.version}, event ${events}, ${virtualMs.toFixed(3)} ms`,
    `plan: ${JSON.stringify(plan)}`,
    "",
    ...trace.map(cut),
    "",
    ...members,
    ...objects,
    "",
    ...(violation ? [violation.stack ?? violation.message, ""] : []),
    summaryOf(result),
    `npm run sim -- --swarm --seed ${options.seed}`,
  ].join("\n");
}

/** Runs a seed, twice if the task says so. */
export async function runSwarmTask(task: Task): Promise<TaskResult> {
  const options = { seed: task.seed, ...(task.plan && { plan: task.plan }) };
  const result = await simulateSwarm(options);
  const { violation, events, requests, hash } = result;
  const again = task.twice ? await simulateSwarm(options) : result;
  const same = again.hash === hash;
  return {
    task,
    invariant: violation?.invariant ?? (same ? null : "determinism"),
    summary: same ? summaryOf(result) : `${summaryOf(result)}, then ${again.hash}`,
    report: violation ? reportOf(result) : "",
    events,
    operations: requests,
    undecided: 0,
  };
}

/** Runs one seed and prints what came of it. Answers whether it went well. */
export async function runSwarmSingle(
  options: SwarmOptions,
  how: { readonly shrink: boolean; readonly print: (text: string) => void },
): Promise<boolean> {
  const result = await simulateSwarm(options);
  const stopped = options.untilEvent !== undefined;
  how.print(result.violation || stopped ? reportOf(result) : summaryOf(result));
  if (result.violation && how.shrink) {
    const small = await minimize(result);
    how.print(reportOf(small));
    how.print(`the shortest script found has ${small.faults.length} faults: ${save(small)}`);
  }
  return result.violation === null;
}

/** The smallest run found that breaks the same promise: fewer faults, managers, workers, less time. */
async function minimize(failed: SwarmResult): Promise<SwarmResult> {
  const { invariant } = failed.violation ?? {};
  let best = failed;
  const budget = { left: RUNS_MAX };
  const fails = async (options: SwarmOptions): Promise<boolean> => {
    const result = await simulateSwarm(options);
    if (result.violation?.invariant !== invariant) return false;
    best = result;
    return true;
  };
  const plan = (part: Partial<SwarmResult["plan"]>): Promise<boolean> =>
    fails({ ...best.options, faults: best.faults, plan: { ...best.plan, ...part } });
  await shrinkNumber(best.plan.faultMs, 1000, (faultMs) => plan({ faultMs }), budget);
  const faults = (candidate: SwarmResult["faults"]): Promise<boolean> =>
    fails({ ...best.options, plan: best.plan, faults: candidate });
  await shrinkList(best.faults, faults, budget);
  await shrinkNumber(best.plan.managers, 1, (managers) => plan({ managers }), budget);
  return best;
}

function save({ options, plan, faults }: SwarmResult): string {
  const file = `sim-swarm-${options.seed}.json`;
  writeFileSync(file, `${JSON.stringify({ seed: options.seed, plan, faults }, null, 2)}\n`);
  return `npm run sim -- --swarm --replay ${file}`;
}

/** The run of `seed`; of one that once failed, as it failed. */
export function swarmOptionsOf(seed: string): SwarmOptions {
  const plan = SWARM_REGRESSIONS.find((known) => known.seed === seed)?.plan;
  return plan ? { seed, plan } : { seed };
}

/** The run that was saved in `file`. */
export function loadSwarmScript(file: string): SwarmOptions {
  return JSON.parse(readFileSync(file, "utf8")) as SwarmOptions;
}
