import { systemClock } from "../../../lib/clock.ts";
import { runPool } from "../cli/pool.ts";
import { runTask, type Task, type TaskResult } from "../cli/worker.ts";
import { PROFILES } from "../raft/profiles.ts";
import { ELECTION_MUTANTS } from "./election-mutants.ts";
import { LOG_MUTANTS } from "./log-mutants.ts";
import { MANAGER_MUTANTS } from "./manager-mutants.ts";
import { MOVE_MUTANTS } from "./move-mutants.ts";
import { partOf, type Mutant, type Part } from "./mutant.ts";
import { SERVICE_MUTANTS } from "./service-mutants.ts";
import { plant } from "./workshop.ts";

/** Every planted bug. */
export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...LOG_MUTANTS,
  ...SERVICE_MUTANTS,
  ...MANAGER_MUTANTS,
  ...MOVE_MUTANTS,
];

/** Mutants hunted side by side. */
const HUNTERS = 2;

export interface HuntOptions {
  /** Which simulator's mutants. */
  readonly part: Part;
  /** Only mutants with one of these, separated by commas, in their names. */
  readonly only: string | undefined;
  /** Time to find one mutant, ms. */
  readonly limitMs: number;
  /** Makes the seeds: `base-0`, `base-1`, … */
  readonly base: string;
}

/** What a hunt came to. */
interface Catch {
  readonly mutant: Mutant;
  /** The run that gave the mutant away; null when it was not found. */
  readonly by: TaskResult | null;
  readonly seeds: number;
  readonly seconds: number;
}

/** Plants each mutant and runs seeds until one fails. Prints a line each, and the count. */
export async function huntMutants(
  { part, only, limitMs, base }: HuntOptions,
  print: (text: string) => void,
): Promise<boolean> {
  const waiting = MUTANTS.filter((mutant) => partOf(mutant) === part).filter(
    ({ name }) => only === undefined || only.split(",").some((part) => name.includes(part)),
  );
  const tally = { passed: 0, failed: 0 };
  const hunter = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const caught = await hunt(mutant, base, limitMs);
      if (caught.by) tally.passed++;
      else tally.failed++;
      print(lineOf(caught));
    }
  };
  await Promise.all(Array.from({ length: HUNTERS }, hunter));
  print(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0;
}

async function hunt(mutant: Mutant, base: string, limitMs: number): Promise<Catch> {
  const began = systemClock.monotonic();
  const elapsed = (): number => systemClock.monotonic() - began;
  const workshop = plant(mutant);
  let by: TaskResult | null = null;
  let seeds = 0;
  const next = (): Task | undefined => {
    if (by || elapsed() > limitMs) return undefined;
    const { plan } = mutant;
    const seed = `${base}-${seeds}`;
    return { seed, profile: profileFor(mutant, seeds++), twice: false, ...(plan && { plan }) };
  };
  const onResult = (result: TaskResult): void => {
    if (result.invariant !== null) by = result;
  };
  try {
    do {
      by = null;
      await runPool({ main: workshop.main, workers: 1, next, onResult });
    } while (by && (await failsAnyway(by)));
  } finally {
    workshop.remove();
  }
  return { mutant, by, seeds, seconds: elapsed() / 1000 };
}

/** Whether the run fails without the mutant as well: then it gives nothing away. */
async function failsAnyway({ task }: TaskResult): Promise<boolean> {
  return (await runTask(task)).invariant !== null;
}

/** Two seeds of three are of the mutant's own profile, the others of all in turn. */
function profileFor({ part, profile }: Mutant, seed: number): string {
  if (part === "manager") return profile;
  return seed % 3 < 2 ? profile : PROFILES[Math.floor(seed / 3) % PROFILES.length]!.name;
}

function lineOf({ mutant, by, seeds, seconds }: Catch): string {
  const effort = `${seeds} seeds, ${seconds.toFixed(1)} s`;
  if (!by) return `MISSED ${mutant.name} (${effort}): ${mutant.about}`;
  const { seed, profile } = by.task;
  return `found  ${mutant.name} by ${by.invariant} at ${profile} ${seed} (${effort})`;
}
