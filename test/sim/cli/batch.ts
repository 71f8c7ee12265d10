import { fileURLToPath } from "node:url";
import { systemClock } from "../../../lib/clock.ts";
import { PROFILES } from "../raft/profiles.ts";
import { REGRESSIONS } from "../raft/regressions.ts";
import { runPool, WORKERS } from "./pool.ts";
import { SWARM_REGRESSIONS } from "../swarm/regressions.ts";
import { SWARM, type Task, type TaskResult } from "./worker.ts";

/** Each such seed is run twice: the same seed must go the same way. */
const TWICE_EVERY = 50;

/** Failures whose reports are printed in full. */
const REPORTS_MAX = 3;

/** How many seeds to run. */
export interface BatchOptions {
  /** Fresh seeds over all profiles; Infinity = until the time is up. */
  readonly seeds: number;
  /** Time to spend, ms; Infinity = until the seeds are done. */
  readonly limitMs: number;
  /** Makes the fresh seeds: `base-0`, `base-1`, … */
  readonly base: string;
  /** Run the seeds that once failed, first. */
  readonly regressions: boolean;
  /** Only this profile. */
  readonly profile: string | undefined;
  /** The simulator of the whole manager instead of Raft's. */
  readonly swarm: boolean;
}

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Runs many seeds in two processes; prints failures, a rate and the count. */
export async function runBatch(
  options: BatchOptions,
  print: (text: string) => void,
): Promise<boolean> {
  const began = systemClock.monotonic();
  const tally = { passed: 0, events: 0, operations: 0, undecided: 0 };
  const failed: Task[] = [];
  const tasks = tasksOf(options, () => systemClock.monotonic() - began < options.limitMs);
  const onResult = (result: TaskResult): void => {
    tally.events += result.events;
    tally.operations += result.operations;
    tally.undecided += result.undecided;
    if (result.invariant === null) tally.passed++;
    else if (failed.push(result.task) <= REPORTS_MAX) print(result.report || result.summary);
    else print(result.summary);
  };
  const next = (): Task | undefined => tasks.next().value ?? undefined;
  await runPool({ main: MAIN, workers: WORKERS, next, onResult });
  const seconds = (systemClock.monotonic() - began) / 1000;
  const rate = Math.round(tally.events / seconds);
  print(
    `${tally.passed + failed.length} seeds from ${options.base} in ${seconds.toFixed(1)} s: ` +
      `${tally.events} events (${rate}/s in ${WORKERS} processes), ${tally.operations} operations` +
      (tally.undecided > 0 ? `, ${tally.undecided} histories undecided` : ""),
  );
  // Again and last, as the reports are long.
  for (const task of failed) print(`failed, and fails again with: ${commandOf(task)}`);
  print(`${tally.passed} passed, ${failed.length} failed`);
  return failed.length === 0;
}

function commandOf({ seed, profile }: Task): string {
  const what = profile === SWARM ? `--swarm --seed ${seed}` : `--seed ${seed} --profile ${profile}`;
  return `npm run sim -- ${what}`;
}

function* tasksOf(options: BatchOptions, inTime: () => boolean): Generator<Task> {
  if (options.regressions) yield* regressions(options.swarm);
  const profiles = options.swarm ? [SWARM] : profilesOf(options);
  for (let i = 0; i < options.seeds && inTime(); i++) {
    const seed = `${options.base}-${i}`;
    yield { seed, profile: profiles[i % profiles.length]!, twice: i % TWICE_EVERY === 0 };
  }
}

function* regressions(swarm: boolean): Generator<Task> {
  if (swarm)
    for (const { seed, plan } of SWARM_REGRESSIONS)
      yield { seed, profile: SWARM, twice: false, ...(plan && { plan }) };
  else for (const { seed, profile } of REGRESSIONS) yield { seed, profile, twice: false };
}

function profilesOf({ profile }: BatchOptions): readonly string[] {
  return PROFILES.map(({ name }) => name).filter(
    (name) => profile === undefined || name === profile,
  );
}
