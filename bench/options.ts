import { Command, InvalidArgumentError, Option } from "commander";
import type { BenchOptions } from "./suite.ts";

/** The command line, parsed. */
export interface CommandLine extends BenchOptions {
  readonly name: string;
  readonly json: boolean;
}

const RUNS_MAX = 1000;

function count(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > RUNS_MAX)
    throw new InvalidArgumentError(`use a whole number from 0 to ${RUNS_MAX}.`);
  return parsed;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(",")];
}

/** Parses `npm run bench -- …`; prints help or an error and exits where that is asked for. */
export function parseCommandLine(argv: readonly string[], names: readonly string[]): CommandLine {
  const command = new Command("npm run bench --")
    .description("Measures one part of Skep, beside its peers where they are installed.")
    .argument("<name>", `one of ${names.join(", ")}`)
    .addOption(new Option("--json", "end with one line of JSON").default(false))
    .addOption(
      new Option("--only <case>", "cases that begin so; may be repeated")
        .argParser(collect)
        .default([]),
    )
    .addOption(new Option("--rounds <n>", "rounds of throughput").argParser(count).default(3))
    .addOption(new Option("--runs <n>", "fail-overs of each kind").argParser(count).default(5))
    .addOption(
      new Option("--kills <n>", "kill members this often and check every write")
        .argParser(count)
        .default(0),
    )
    .parse(argv as string[], { from: "user" });
  const [name] = command.args;
  if (!name || !names.includes(name))
    command.error(`there is no benchmark "${name}": use one of ${names.join(", ")}`);
  return { ...command.opts<Omit<CommandLine, "name">>(), name: name as string };
}
