import type { Engine } from "../api/engine.ts";
import { NO_NAMES, readNames } from "../api/names.ts";
import type { Task } from "../api/types.ts";
import type { SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { addListFlags, type ListFlags } from "../flags/list-options.ts";
import { boolFlag } from "../flags/option.ts";
import { isTableFormat, renderListing } from "../render/listing.ts";
import { TASK_LISTING, taskRows } from "../render/task-rows.ts";

/** Flags of every command that lists tasks. */
export interface TaskListFlags extends ListFlags {
  /** False for `--no-resolve`. */
  readonly resolve?: boolean;
  /** False for `--no-trunc`. */
  readonly trunc?: boolean;
}

/** Adds {@link TaskListFlags}. */
export function addTaskListFlags(command: SwarmCommand): SwarmCommand {
  return addListFlags(command, "Only display task IDs")
    .addOption(boolFlag("no-resolve", "Do not map IDs to Names"))
    .addOption(boolFlag("no-trunc", "Do not truncate output")) as SwarmCommand;
}

/** Prints `tasks` as the flags ask. */
export async function printTasks(
  engine: Engine,
  tasks: readonly Task[],
  flags: TaskListFlags,
  context: Context,
): Promise<void> {
  const isPlain = flags.resolve === false || flags.quiet === true;
  const names = isPlain ? NO_NAMES : await readNames(engine, tasks);
  const rows = taskRows(tasks, {
    ...names,
    noTrunc: flags.trunc === false || flags.quiet === true,
    isTable: isTableFormat(flags.format),
    now: context.clock.now(),
  });
  context.out.write(renderListing(TASK_LISTING, rows, flags));
}
