import type { Command, Option } from "commander";
import { HostOption } from "../flags/host-option.ts";

/** One word a shell may offer, with a few words about it. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** The kinds of objects whose names the cluster is asked for. */
export type NameKind = "config" | "network" | "node" | "secret" | "service" | "task";

/** What can stand where the cursor is. */
export interface Target {
  /** What the user typed of the word so far. */
  readonly prefix: string;
  /** Put before each word: `--network=` when the value follows in one word. */
  readonly lead: string;
  readonly candidates: readonly Candidate[];
  readonly names: readonly NameKind[];
  /** Put after each name: `=` where `NAME=VALUE` is wanted. */
  readonly tail: string;
  readonly isFile: boolean;
  /** The engine named on the line with `-H`. */
  readonly host: string | undefined;
}

/** Words in the usage line of an argument → what can stand there. */
const KINDS_BY_NOUN: Readonly<Record<string, NameKind>> = {
  CONFIG: "config",
  NETWORK: "network",
  NODE: "node",
  SECRET: "secret",
  SERVICE: "service",
  TASK: "task",
};

/** Flags whose value names an object. */
const KINDS_BY_FLAG: Readonly<Record<string, NameKind>> = {
  "--config": "config",
  "--config-add": "config",
  "--config-rm": "config",
  "--depends-on": "service",
  "--network": "network",
  "--network-add": "network",
  "--network-rm": "network",
  "--secret": "secret",
  "--secret-add": "secret",
  "--secret-rm": "secret",
};

const FILE_FLAGS = new Set([
  "--env-file",
  "--ca-cert",
  "--ca-key",
  "--state-dir",
  "--token-file",
  "--tlscacert",
  "--tlscert",
  "--tlskey",
]);

/** Finds what can stand in place of the last of `words`, walking the command tree from `root`. */
export function completionTarget(root: Command, words: readonly string[]): Target {
  const typed = words.at(-1) ?? "";
  const walk = walkWords(root, words.slice(0, -1));
  const empty: Target = {
    prefix: typed,
    lead: "",
    candidates: [],
    names: [],
    tail: "",
    isFile: false,
    host: walk.host,
  };
  if (walk.pending) return { ...empty, ...valuesOf(walk.pending) };
  if (walk.isProgram) return { ...empty, isFile: true };
  const inline = /^(--[\w-]+)=(.*)$/s.exec(typed);
  const option = inline && walk.command.options.find((o) => o.long === inline[1]);
  if (inline && option)
    return { ...empty, ...valuesOf(option), lead: `${inline[1]}=`, prefix: inline[2] ?? "" };
  if (typed.startsWith("-")) return { ...empty, candidates: flagsOf(walk.command) };
  if (walk.command.commands.length > 0)
    return walk.operands > 0 ? empty : { ...empty, candidates: commandsOf(walk.command) };
  return { ...empty, ...argumentValues(walk.command, walk.operands) };
}

interface Walk {
  readonly command: Command;
  readonly operands: number;
  /** The flag whose value comes next. */
  readonly pending: Option | undefined;
  /** Whether the rest of the line belongs to the service's own program. */
  readonly isProgram: boolean;
  readonly host: string | undefined;
}

function walkWords(root: Command, words: readonly string[]): Walk {
  let walk: Walk = {
    command: root,
    operands: 0,
    pending: undefined,
    isProgram: false,
    host: undefined,
  };
  for (const word of words) walk = nextWord(walk, word);
  return walk;
}

function nextWord(walk: Walk, word: string): Walk {
  const { command, pending } = walk;
  if (walk.isProgram) return walk;
  if (pending)
    return {
      ...walk,
      pending: undefined,
      host: pending instanceof HostOption ? word : walk.host,
    };
  if (word === "--") return { ...walk, isProgram: true };
  if (word.startsWith("-")) {
    const [flag = word, value] = word.split("=", 2);
    const option = command.options.find((o) => o.long === flag || o.short === flag);
    if (option?.required && value === undefined) return { ...walk, pending: option };
    return option instanceof HostOption ? { ...walk, host: value } : walk;
  }
  const sub = command.commands.find((c) => c.name() === word || c.aliases().includes(word));
  if (sub) return { ...walk, command: sub };
  return { ...walk, operands: walk.operands + 1, isProgram: takesProgram(command) };
}

/** `service create IMAGE …`: what follows the image is the program's. */
function takesProgram(command: Command): boolean {
  return command.registeredArguments.some((argument) => argument.name() === "COMMAND");
}

function flagsOf(command: Command): readonly Candidate[] {
  return command.options
    .filter((option) => !option.hidden && option.long)
    .map((option) => ({ word: option.long ?? "", about: option.description }));
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ word: sub.name(), about: sub.description() }));
}

function valuesOf(option: Option): Partial<Target> {
  const kind = KINDS_BY_FLAG[option.long ?? ""];
  return {
    candidates: (option.argChoices ?? []).map((word) => ({ word, about: "" })),
    names: kind ? [kind] : [],
    isFile: FILE_FLAGS.has(option.long ?? ""),
  };
}

function argumentValues(command: Command, operands: number): Partial<Target> {
  const all = command.registeredArguments;
  const argument = all[operands] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  const noun = argument?.name() ?? "";
  if (noun.includes("file")) return { isFile: true };
  if (noun.startsWith("(")) {
    const choices = noun.slice(1, -1).split("|");
    return { candidates: choices.map((word) => ({ word, about: "" })) };
  }
  // What is being created has a name that nothing has yet.
  if (command.name() === "create") return {};
  const [first = noun, value] = noun.split("=");
  const nouns = first.split("|");
  return {
    candidates: nouns.includes("self") ? [{ word: "self", about: "this node" }] : [],
    names: nouns.flatMap((word) => KINDS_BY_NOUN[word] ?? []),
    tail: value === undefined ? "" : "=",
  };
}
