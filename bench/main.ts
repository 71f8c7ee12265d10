import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled } from "../lib/abort.ts";
import { systemClock } from "../lib/clock.ts";
import { hasSwarmdFlags, runWithSwarmdFlags } from "./node-flags.ts";
import { containersSuite } from "./containers/suite.ts";
import { parseCommandLine } from "./options.ts";
import { orchestratorSuite } from "./orchestrator/suite.ts";
import { processesSuite } from "./processes/suite.ts";
import { raftSuite } from "./raft/suite.ts";
import { storeSuite } from "./store/suite.ts";
import { toTable, type Report } from "./report.ts";
import { schedulerSuite } from "./scheduler.ts";
import { writesSuite } from "./writes/suite.ts";
import type { Suite } from "./suite.ts";

const SUITES: ReadonlyMap<string, Suite> = new Map([
  ["raft", raftSuite],
  ["store", storeSuite],
  ["orchestrator", orchestratorSuite],
  ["scheduler", schedulerSuite],
  ["writes", writesSuite],
  ["processes", processesSuite],
  ["containers", containersSuite],
]);

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2), [...SUITES.keys()]);
  const suite = SUITES.get(options.name) as Suite;
  const directory = await mkdtemp(join(tmpdir(), "skep-bench-"));
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => ended.abort(cancelled(`stopped by ${signal}`)));
  const began = systemClock.monotonic();
  const say = (text: string): void => {
    const seconds = ((systemClock.monotonic() - began) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
  try {
    const modules = { clock: systemClock, directory, say, signal: ended.signal };
    const results = await suite(options, modules);
    const report: Report = { name: options.name, results };
    process.stdout.write(`${options.json ? JSON.stringify(report) : toTable(results)}\n`);
  } finally {
    ended.abort();
    await rm(directory, { recursive: true });
  }
}

if (hasSwarmdFlags()) await main();
else process.exitCode = await runWithSwarmdFlags();
