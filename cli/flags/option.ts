import { InvalidArgumentError, Option } from "commander";
import { messageOf } from "../../lib/errors.ts";
import { parseBytes, parseCpus, parseDuration } from "../../lib/units.ts";

/*
 * Flag kinds. `name` is the long name, or `s,long` with a short one: `flag("q,quiet", …)`.
 * A flag that was not given has no value at all, so that "not given" and "zero" stay apart.
 */

function spelled(name: string, value: string): string {
  const [first = "", long] = name.split(",");
  const flags = long === undefined ? `--${first}` : `-${first}, --${long}`;
  return value === "" ? flags : `${flags} <${value}>`;
}

/** Reports a parser's refusal as commander wants it. */
function refusing<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

/** A flag whose value `parse` reads; `kind` names the value in help. */
export function valueFlag<T>(
  name: string,
  kind: string,
  description: string,
  parse: (text: string) => T,
): Option {
  return new Option(spelled(name, kind), description).argParser(refusing(parse));
}

/** A flag that may be given several times; its values collect in a list. */
export function repeatedFlag<T>(
  name: string,
  kind: string,
  description: string,
  parse: (text: string) => T,
): Option {
  const read = refusing(parse);
  return new Option(spelled(name, kind), description).argParser<readonly T[]>(
    (text, previous: readonly T[] | undefined) => [...(previous ?? []), read(text)],
  );
}

/** An on/off flag. */
export function boolFlag(name: string, description: string): Option {
  return new Option(spelled(name, ""), description);
}

/** A flag with any text. */
export function textFlag(name: string, description: string, kind = "string"): Option {
  return valueFlag(name, kind, description, (text) => text);
}

/** A flag that may be given several times; its values in their order. */
export function listFlag(name: string, description: string, kind = "list"): Option {
  return repeatedFlag(name, kind, description, (text) => text);
}

/** A flag with a whole number from 0 on. */
export function uintFlag(name: string, description: string): Option {
  return valueFlag(name, "uint", description, parseUint);
}

/** A flag with a whole number, perhaps negative. */
export function intFlag(name: string, description: string): Option {
  return valueFlag(name, "int", description, parseInteger);
}

/** Value in nanoseconds. */
export function durationFlag(name: string, description: string): Option {
  return valueFlag(name, "duration", description, parseDuration);
}

/** A flag with a size such as 512MB, in bytes. */
export function bytesFlag(name: string, description: string): Option {
  return valueFlag(name, "bytes", description, parseBytes);
}

/** Value in nano-CPUs. */
export function cpusFlag(name: string, description: string): Option {
  return valueFlag(name, "decimal", description, parseCpus);
}

/** A share between 0 and 1. */
export function ratioFlag(name: string, description: string): Option {
  return valueFlag(name, "float", description, (text) => {
    const ratio = Number(text);
    if (text.trim() === "" || !(ratio >= 0 && ratio <= 1))
      throw new Error("use a number from 0 to 1");
    return ratio;
  });
}

/** One of a few words, which completion offers too. */
export function choiceFlag(name: string, description: string, choices: readonly string[]): Option {
  const parse = refusing((text) => {
    if (!choices.includes(text)) throw new Error(`use one of ${choices.join(", ")}`);
    return text;
  });
  return new Option(spelled(name, "string"), description).choices(choices).argParser(parse);
}

/** Parses a whole number of at least 0 in decimal digits. */
export function parseUint(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error("use a whole number, 0 or more");
  return value;
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error("use a whole number");
  return value;
}
