import { Command, InvalidArgumentError, Option } from "commander";

/** What `npm start` was asked for. */
export interface DemoOptions {
  /** Run every step without a person and measure it. */
  readonly check: boolean;
  readonly managers: number;
  readonly workers: number;
  readonly replicas: number;
  readonly runtime: "process" | "docker";
}

/** More processes than this on one machine show nothing new. */
const NODES_MAX = 9;
const REPLICAS_MAX = 500;

const count =
  (min: number, max: number) =>
  (value: string): number => {
    const parsed = Number(value);
    if (!Number.isInteger(parsed) || parsed < min || parsed > max)
      throw new InvalidArgumentError(`use a whole number from ${min} to ${max}.`);
    return parsed;
  };

/** Parses the command line; prints help or an error and exits where that is asked for. */
export function parseOptions(argv: readonly string[]): DemoOptions {
  return new Command("npm start --")
    .description("Runs a swarm of several nodes on this machine, with a service on it.")
    .addOption(
      new Option("--check", "run every step without a person, measure it, end").default(false),
    )
    .addOption(new Option("--managers <n>").argParser(count(1, NODES_MAX)).default(3))
    .addOption(new Option("--workers <n>").argParser(count(0, NODES_MAX)).default(2))
    .addOption(new Option("--replicas <n>").argParser(count(1, REPLICAS_MAX)).default(6))
    .addOption(new Option("--runtime <name>").choices(["process", "docker"]).default("process"))
    .parse(argv as string[], { from: "user" })
    .opts<DemoOptions>();
}
