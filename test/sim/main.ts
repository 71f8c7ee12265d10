import { parseArgs } from "node:util";
import { systemRandom } from "../../lib/random.ts";
import { runBatch } from "./cli/batch.ts";
import { loadScript, profileOf, runSingle } from "./cli/single.ts";
import { loadSwarmScript, runSwarmSingle, swarmOptionsOf } from "./cli/swarm.ts";
import { serveTasks } from "./cli/worker.ts";
import { huntMutants } from "./mutants/hunt.ts";

const USAGE = `npm run sim -- --seed S [--profile P] [--until-event N] [--shrink]
npm run sim -- --replay FILE [--shrink]
npm run sim -- --seeds N [--profile P] [--base B]
npm run sim -- --minutes M [--base B]
npm run sim -- --mutants [--only NAME] [--limit SECONDS] [--base B]
npm run sim -- --swarm …: the whole manager instead of Raft alone; without profiles`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    profile: { type: "string" },
    "until-event": { type: "string" },
    shrink: { type: "boolean", default: false },
    replay: { type: "string" },
    seeds: { type: "string" },
    minutes: { type: "string" },
    base: { type: "string" },
    mutants: { type: "boolean", default: false },
    only: { type: "string" },
    limit: { type: "string", default: "300" },
    worker: { type: "boolean", default: false },
    swarm: { type: "boolean", default: false },
  },
});

function print(text: string): void {
  console.log(text);
}

function run(): Promise<boolean> | undefined {
  const { seed, profile, shrink, replay, seeds, minutes, swarm } = values;
  const until = values["until-event"];
  const untilEvent = until === undefined ? {} : { untilEvent: Number(until) };
  if (swarm && replay !== undefined)
    return runSwarmSingle({ ...loadSwarmScript(replay), ...untilEvent }, { shrink, print });
  if (swarm && seed !== undefined)
    return runSwarmSingle({ ...swarmOptionsOf(seed), ...untilEvent }, { shrink, print });
  if (replay !== undefined)
    return runSingle({ ...loadScript(replay), ...untilEvent }, { shrink, print });
  if (seed !== undefined)
    return runSingle(
      { seed, profile: profileOf(profile ?? "swarm"), ...untilEvent },
      { shrink, print },
    );
  const base = values.base ?? systemRandom.int(2 ** 32).toString(36);
  if (values.mutants)
    return huntMutants(
      {
        part: swarm ? "manager" : "raft",
        only: values.only,
        limitMs: Number(values.limit) * 1000,
        base,
      },
      print,
    );
  if (seeds === undefined && minutes === undefined) return undefined;
  return runBatch(
    {
      seeds: seeds === undefined ? Infinity : Number(seeds),
      limitMs: minutes === undefined ? Infinity : Number(minutes) * 60_000,
      base,
      regressions: seeds === undefined,
      profile,
      swarm,
    },
    print,
  );
}

if (values.worker) serveTasks();
else {
  const outcome = run();
  if (!outcome) print(USAGE);
  process.exitCode = (await outcome) ? 0 : 1;
}
