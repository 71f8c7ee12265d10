import { createInterface } from "node:readline";
import { SwarmError } from "../../../lib/errors.ts";
import type { Engine } from "../../api/engine.ts";
import { readNames } from "../../api/names.ts";
import { tasksOf } from "../../api/read-task.ts";
import type { Task } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { boolFlag, textFlag } from "../../flags/option.ts";
import { isRunning } from "../../reach/choose-task.ts";
import { CLIENT_HEADER, findTarget } from "../../reach/find-task.ts";
import { isTableFormat, renderListing } from "../../render/listing.ts";
import { STATS_LISTING, statsRows, type Measured, type Sample } from "../../render/stats-rows.ts";

/** Clears the screen before a table takes the place of the one before. */
const CLEAR = "\u001b[2J\u001b[H";

interface StatsFlags {
  readonly format?: string;
  /** False for `--no-stream`. */
  readonly stream?: boolean;
  /** False for `--no-trunc`. */
  readonly trunc?: boolean;
}

/** `swarm task stats [TASK|SERVICE...]`. */
export function addStats(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("stats")
    .description("Display what running tasks use, of all services when none is named")
    .argument("[TASK|SERVICE...]");
  command
    .addOption(textFlag("format", "Format output: table, table TEMPLATE, json or TEMPLATE"))
    .addOption(boolFlag("no-stream", "Print the first result and end"))
    .addOption(boolFlag("no-trunc", "Do not truncate output"))
    .action(async (names: readonly string[], flags: StatsFlags) => {
      const engine = await engineOf(command, context);
      const tasks = await tasksNamed(engine, names);
      if (tasks.length === 0) throw new SwarmError("failed-precondition", "no task runs");
      await watch(engine, tasks, flags, context);
    });
}

async function tasksNamed(engine: Engine, names: readonly string[]): Promise<readonly Task[]> {
  if (names.length === 0) {
    const all = await engine.request<Task[]>({ method: "GET", path: "/tasks" });
    return all.filter(isRunning);
  }
  const found = new Map<string, Task>();
  for (const name of names) {
    const target = await findTarget(engine, name);
    const tasks = "task" in target ? [target.task] : await tasksOf(engine, target.service.ID);
    for (const task of tasks) if ("task" in target || isRunning(task)) found.set(task.ID, task);
  }
  return [...found.values()];
}

/** Every task with its name, not yet measured. */
async function unmeasured(engine: Engine, tasks: readonly Task[]): Promise<Map<string, Measured>> {
  const names = await readNames(engine, tasks);
  return new Map(
    tasks.map((task) => {
      const node = names.nodeName(task.NodeID ?? "");
      const name = `${names.serviceName(task.ServiceID ?? "")}.${task.Slot ?? node}`;
      return [task.ID, { id: task.ID, name, node }];
    }),
  );
}

/** Whether every task has what a whole row takes, or has said that it never will. */
function isComplete(all: Iterable<Measured>): boolean {
  for (const { before, latest } of all) if (!before && !latest?.Error) return false;
  return true;
}

async function watch(
  engine: Engine,
  tasks: readonly Task[],
  flags: StatsFlags,
  context: Context,
): Promise<void> {
  const measured = await unmeasured(engine, tasks);
  const stream = await engine.stream({
    method: "GET",
    path: "/skep/v1/stats",
    query: { task: [...measured.keys()].join(","), stream: 1 },
    headers: { [CLIENT_HEADER]: context.client },
  });
  // A task that is heard of again begins a new round.
  const heard = new Set<string>();
  try {
    for await (const line of createInterface({ input: stream })) {
      const sample = JSON.parse(line) as Sample;
      const known = measured.get(sample.TaskID);
      if (!known) continue;
      if (heard.has(known.id)) {
        if (flags.stream !== false) print([...measured.values()], flags, context);
        heard.clear();
      }
      heard.add(known.id);
      const { latest: before } = known;
      measured.set(known.id, { ...known, latest: sample, ...(before ? { before } : {}) });
      if (flags.stream === false && isComplete(measured.values())) break;
    }
    print([...measured.values()], flags, context);
  } catch (error) {
    // Ctrl-C is how it ends.
    if (!context.signal.aborted) throw error;
  } finally {
    stream.destroy();
  }
}

function print(all: readonly Measured[], flags: StatsFlags, { out, err }: Context): void {
  const { format } = flags;
  const isScreen = out.isTTY && flags.stream !== false && isTableFormat(format);
  const options = format === undefined ? {} : { format };
  const text = renderListing(STATS_LISTING, statsRows(all, flags.trunc === false), options);
  out.write(isScreen ? `${CLEAR}${text}` : text);
  for (const { name, latest } of all)
    if (latest?.Error && (flags.stream === false || isScreen))
      err.write(`swarm: ${name}: ${latest.Error}\n`);
}
