import { readFileSync, writeFileSync } from "node:fs";
import { PROFILES, type Profile } from "../raft/profiles.ts";
import { simulate, type RunOptions, type RunResult } from "../raft/simulation.ts";
import { minimize } from "./minimize.ts";
import { reportOf, summaryOf } from "./report.ts";

/** The profile of that name. Throws for one that does not exist. */
export function profileOf(name: string): Profile {
  const profile = PROFILES.find((known) => known.name === name);
  if (profile) return profile;
  throw new Error(`there is no profile ${name}: ${PROFILES.map((p) => p.name).join(", ")}`);
}

/** Runs one seed and prints what came of it. Answers whether it went well. */
export async function runSingle(
  options: RunOptions,
  how: { readonly shrink: boolean; readonly print: (text: string) => void },
): Promise<boolean> {
  const result = await simulate(options);
  const { violation } = result;
  const stopped = options.untilEvent !== undefined;
  how.print(violation || stopped ? reportOf(result) : summaryOf(result));
  if (violation && how.shrink) {
    const small = await minimize(result);
    how.print(reportOf(small));
    how.print(`the shortest script found has ${small.faults.length} faults: ${save(small)}`);
  }
  return violation === null;
}

/** A script to be replayed with `--replay`. */
interface Script {
  readonly seed: string;
  readonly profile: string;
  readonly plan: RunResult["plan"];
  readonly faults: RunResult["faults"];
}

function save({ options, plan, faults }: RunResult): string {
  const { seed, profile } = options;
  const file = `sim-${profile.name}-${seed}.json`;
  const script: Script = { seed, profile: profile.name, plan, faults };
  writeFileSync(file, `${JSON.stringify(script, null, 2)}\n`);
  return `npm run sim -- --replay ${file}`;
}

/** The run that was saved in `file`. */
export function loadScript(file: string): RunOptions {
  const { seed, profile, plan, faults } = JSON.parse(readFileSync(file, "utf8")) as Script;
  return { seed, profile: profileOf(profile), plan, faults };
}
