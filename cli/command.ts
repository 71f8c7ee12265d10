import { Command, CommanderError } from "commander";
import { parseEndpoint } from "./api/endpoint.ts";
import { certificateFiles } from "./flags/tls-options.ts";
import type { Engine } from "./api/engine.ts";
import type { Context } from "./context.ts";
import { formatHelp } from "./help.ts";

/** Exit status for flags that don't parse, as docker's. */
const EXIT_BAD_FLAG = 125;
const EXIT_FAILURE = 1;

/** Failures that are about flags; every other usage failure exits with 1. */
const FLAG_FAILURES = new Set([
  "commander.unknownOption",
  "commander.optionMissingArgument",
  "commander.invalidArgument",
  "commander.conflictingOption",
]);

/** A command line that makes no sense; `command` is the one whose usage helps. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly command: SwarmCommand;
  readonly exit: number;

  constructor(command: SwarmCommand, message: string, exit = EXIT_FAILURE) {
    super(message);
    this.command = command;
    this.exit = exit;
  }
}

/** A commander command with docker's manners: its help, its boolean flags, its exit statuses. */
export class SwarmCommand extends Command {
  #passesThrough = false;

  constructor(name?: string) {
    super(name);
    this.enablePositionalOptions();
    this.helpOption("--help", "Print usage");
    this.helpCommand(false);
    this.configureHelp({ formatHelp: (command) => formatHelp(command) });
    this.exitOverride();
  }

  override createCommand(name?: string): SwarmCommand {
    return new SwarmCommand(name);
  }

  override passThroughOptions(passThrough = true): this {
    this.#passesThrough = passThrough;
    return super.passThroughOptions(passThrough);
  }

  /** Adds a command that only groups others. */
  group(name: string, description: string): SwarmCommand {
    return this.command(name).description(description);
  }

  /** Called for a group without a command; `--help` goes another way. */
  override help(): never {
    throw new UsageError(this, `"${fullName(this)}" needs a command`);
  }

  override error(message: string, options: { readonly code?: string } = {}): never {
    const exit = FLAG_FAILURES.has(options.code ?? "") ? EXIT_BAD_FLAG : EXIT_FAILURE;
    const text =
      options.code === "commander.missingArgument"
        ? `"${fullName(this)}" requires ${this.#arity()}`
        : inDockerWords(message);
    throw new UsageError(this, text, exit);
  }

  #arity(): string {
    const all = this.registeredArguments;
    const least = all.filter((argument) => argument.required).length;
    const isOpen = all.length > least;
    return `${isOpen ? "at least" : "exactly"} ${least} argument${least === 1 ? "" : "s"}`;
  }

  /** Reads `--flag=true` and `--flag=false` for boolean flags, which commander does not know. */
  override parseOptions(argv: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(this.#rewriteBooleans(argv));
  }

  #rewriteBooleans(argv: readonly string[]): string[] {
    const rewritten: string[] = [];
    for (let at = 0; at < argv.length; at++) {
      const argument = argv[at] ?? "";
      if (argument === "--" || (!argument.startsWith("-") && this.#endsOptions(argument)))
        return [...rewritten, ...argv.slice(at)];
      const [, flag = argument, value] = /^(--[^=]+)=(.*)$/s.exec(argument) ?? [];
      const option = this.options.find((o) => o.long === flag || o.short === flag);
      if (option?.isBoolean() && value !== undefined)
        rewritten.push(...this.#booleanFlag(flag, value));
      else rewritten.push(argument);
      if (option?.required && value === undefined && at + 1 < argv.length)
        rewritten.push(argv[++at] ?? "");
    }
    return rewritten;
  }

  /** Whether the operand `word` hands the rest of the line to a subcommand or a program. */
  #endsOptions(word: string): boolean {
    if (this.#passesThrough) return true;
    return this.commands.some((c) => c.name() === word || c.aliases().includes(word));
  }

  #booleanFlag(flag: string, value: string): string[] {
    if (/^(1|t|true)$/i.test(value)) return [flag];
    if (!/^(0|f|false)$/i.test(value))
      throw new UsageError(
        this,
        `invalid argument "${value}" for "${flag}" flag: use true or false`,
        EXIT_BAD_FLAG,
      );
    const option = this.options.find((o) => o.long === flag);
    if (option && !option.negate)
      this.setOptionValueWithSource(option.attributeName(), false, "cli");
    return [];
  }
}

/** The words that run `command`: `swarm service create`. */
export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** Whether `error` only means that help or the version was printed. */
export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function inDockerWords(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/^unknown option '(.+?)'/, "unknown flag: $1")
    .replace(/\n\(Did you mean (.+)\?\)$/, ". Did you mean $1?")
    .replace(
      /^option '(?:-\w, )?(--[\w-]+).*?' argument '(.*?)' is invalid\. /s,
      'invalid argument "$2" for "$1" flag: ',
    )
    .replace(/^option '(?:-\w, )?(--[\w-]+).*?' argument missing/, "flag needs an argument: $1");
}

/** The host named with `-H`, else in `SWARM_HOST`; undefined when neither is given. */
export function givenHost(command: Command, context: Context): string | undefined {
  for (let at: Command | null = command; at; at = at.parent) {
    const { swarmHost } = at.opts<{ swarmHost?: string }>();
    if (swarmHost !== undefined) return swarmHost;
  }
  return context.env["SWARM_HOST"] || undefined;
}

/** Where the engine listens when nothing is said. */
export function defaultHost(context: Context): string {
  return `unix://${context.paths.socket}`;
}

/** A client for the command's engine. */
export function engineOf(command: Command, context: Context): Promise<Engine> {
  const host = givenHost(command, context) ?? defaultHost(context);
  return context.connect(
    parseEndpoint(host, certificateFiles(rootOf(command).opts(), context.env)),
    context.signal,
  );
}

/** The command that all others hang from. */
export function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command;
}
