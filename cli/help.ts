import type { Command, Option } from "commander";

/** Widest help; a narrower terminal is not asked, so that help is the same everywhere. */
const HELP_COLUMNS = 80;
/** Blanks between a flag and its description. */
const GAP = 3;

/** Help in docker's layout: usage, description, aliases, options, commands. */
export function formatHelp(command: Command): string {
  const parts = [
    `Usage:  ${usageLine(command)}`,
    command.description(),
    aliasLine(command),
    section("Options:", optionRows(command)),
    ...commandSections(command),
    command.commands.length > 0
      ? `Run '${nameOf(command)} COMMAND --help' for more information on a command.`
      : "",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The one-line synopsis: `swarm service create [OPTIONS] IMAGE [COMMAND] [ARG...]`. */
export function usageLine(command: Command): string {
  const words = [nameOf(command)];
  if (command.commands.length > 0) return [...words, "COMMAND"].join(" ");
  if (visibleOptions(command).length > 0) words.push("[OPTIONS]");
  const usage = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? name : `[${name}]`;
  });
  return [...words, ...usage].join(" ");
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function aliasLine(command: Command): string {
  if (command.aliases().length === 0 || !command.parent) return "";
  const parent = nameOf(command.parent);
  const names = [command.name(), ...command.aliases()].map((name) => `${parent} ${name}`);
  return `Aliases:\n  ${names.join(", ")}`;
}

function visibleOptions(command: Command): readonly Option[] {
  return command.options.filter((option) => !option.hidden);
}

function optionRows(command: Command): readonly (readonly [string, string])[] {
  return visibleOptions(command)
    .toSorted((a, b) => (a.long ?? "").localeCompare(b.long ?? ""))
    .map((option) => [optionTerm(option), option.description] as const);
}

function optionTerm(option: Option): string {
  const short = option.short ? `${option.short}, ` : "    ";
  const value = /<(.+)>/.exec(option.flags)?.[1];
  return `${short}${option.long ?? ""}${value ? ` ${value}` : ""}`;
}

function commandSections(command: Command): readonly string[] {
  const visible = command.commands.filter(
    (sub) => !(sub as Command & { readonly _hidden?: boolean })._hidden,
  );
  const rows = (subs: readonly Command[]): readonly (readonly [string, string])[] =>
    subs.map((sub) => [sub.name(), sub.description()] as const);
  return [
    section("Management Commands:", rows(visible.filter((sub) => sub.commands.length > 0))),
    section("Commands:", rows(visible.filter((sub) => sub.commands.length === 0))),
  ];
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const indent = 2 + Math.max(...rows.map(([term]) => term.length)) + GAP;
  const lines = rows.map(([term, description]) => {
    const text = wrap(description, HELP_COLUMNS - indent).join(`\n${" ".repeat(indent)}`);
    return `  ${term.padEnd(indent - 2)}${text}`;
  });
  return [title, ...lines].join("\n");
}

/** Breaks `text` at blanks into lines of at most `columns`, where its words allow. */
function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
