import type { SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { boolFlag, textFlag } from "../flags/option.ts";
import { compileTemplate } from "../template/evaluate.ts";
import { forEachName } from "./each.ts";

/** Flags of every `inspect`. */
export interface InspectFlags {
  readonly format?: string;
  readonly pretty?: boolean;
}

/** Adds {@link InspectFlags}; `--pretty` only where there is such a text. */
export function addInspectFlags(command: SwarmCommand, hasPretty: boolean): SwarmCommand {
  command.addOption(textFlag("f,format", "'json', or a Go template for each object"));
  if (hasPretty)
    command.addOption(boolFlag("pretty", "Print the information in a human friendly format"));
  return command;
}

/** How one kind of object is read and, with `--pretty`, told. */
export interface Inspected<T> {
  readonly read: (name: string) => Promise<T>;
  readonly pretty?: (object: T) => string | Promise<string>;
}

/** Prints the objects found: a JSON array, one template result a line, or prose. */
export async function inspectEach<T>(
  names: readonly string[],
  { format, pretty }: InspectFlags,
  { read, pretty: tell }: Inspected<T>,
  context: Context,
): Promise<void> {
  const template = format === undefined || format === "json" ? undefined : compileTemplate(format);
  const found: T[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await read(name));
    });
  } finally {
    if (pretty && tell) for (const object of found) context.out.write(`${await tell(object)}\n`);
    else if (template) for (const object of found) context.out.write(`${template(object)}\n`);
    else if (format === "json") context.out.write(`${JSON.stringify(found)}\n`);
    else context.out.write(`${JSON.stringify(found, null, 4)}\n`);
  }
}
