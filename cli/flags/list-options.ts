import type { SwarmCommand } from "../command.ts";
import type { ListOptions } from "../render/listing.ts";
import { filterFlag, type Filters } from "./filter.ts";
import { boolFlag, textFlag } from "./option.ts";

/** What every `ls` and `ps` takes. */
export interface ListFlags extends ListOptions {
  readonly filter?: Filters;
}

/** Adds `--filter`, `--format` and `--quiet`. */
export function addListFlags(command: SwarmCommand, quiet = "Only display IDs"): SwarmCommand {
  return command
    .addOption(filterFlag())
    .addOption(
      textFlag("format", "'table', 'table TEMPLATE', 'json', or a Go template for each row"),
    )
    .addOption(boolFlag("q,quiet", quiet)) as SwarmCommand;
}
