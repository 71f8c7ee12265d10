import type { Readable } from "node:stream";
import { SwarmError } from "../../../lib/errors.ts";
import { parseDuration } from "../../../lib/units.ts";
import { segment, type Engine } from "../../api/engine.ts";
import { readTask } from "../../api/read-task.ts";
import type { Task } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { QuietExit } from "../../exit.ts";
import { boolFlag, textFlag } from "../../flags/option.ts";
import { FrameReader } from "../../logs/frames.ts";
import { parseLogLine } from "../../logs/line.ts";
import { findTarget } from "../../reach/find-task.ts";
import { openLogNames, type LogNameFlags, type LogNames } from "./log-names.ts";

const NS_PER_S = 1e9;
const MS_PER_S = 1000;

interface LogFlags extends LogNameFlags {
  readonly details?: boolean;
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly since?: string;
  readonly tail?: string;
  readonly timestamps?: boolean;
}

/** `swarm service logs SERVICE|TASK` and `swarm task logs TASK`. */
export function addLogs(
  parent: SwarmCommand,
  context: Context,
  noun: "SERVICE|TASK" | "TASK",
): void {
  const command = parent
    .command("logs")
    .description(`Fetch the logs of a ${noun === "TASK" ? "task" : "service or task"}`)
    .argument(noun);
  command
    .addOption(boolFlag("details", "Show extra details provided to logs"))
    .addOption(boolFlag("f,follow", "Follow log output"))
    .addOption(boolFlag("no-resolve", "Do not map IDs to Names in output"))
    .addOption(boolFlag("no-task-ids", "Do not include task IDs in output"))
    .addOption(boolFlag("no-trunc", "Do not truncate output"))
    .addOption(boolFlag("raw", "Do not neatly format logs"))
    .addOption(
      textFlag("since", "Show logs since a time (2013-01-02T13:23:37Z) or for the last (42m)"),
    )
    .addOption(textFlag("n,tail", 'Number of lines to show from the end (default "all")'))
    .addOption(boolFlag("t,timestamps", "Show timestamps"))
    .action(async (name: string, flags: LogFlags) => {
      const engine = await engineOf(command, context);
      const source = await (noun === "TASK"
        ? taskSource(await readTask(engine, name))
        : findSource(engine, name));
      await runLogs(source, flags, engine, context);
    });
}

async function runLogs(
  source: Source,
  flags: LogFlags,
  engine: Engine,
  context: Context,
): Promise<void> {
  if (source.tty && !flags.raw)
    throw new SwarmError("invalid", "logs of a service with a TTY are only shown with --raw");
  const stream = await engine.stream({
    method: "GET",
    path: `${source.path}/logs`,
    query: {
      details: flags.raw && !flags.details ? undefined : 1,
      follow: flags.follow ? 1 : undefined,
      since: flags.since === undefined ? undefined : sinceSeconds(flags.since, context.clock.now()),
      stdout: 1,
      stderr: 1,
      tail: flags.tail ?? "all",
      timestamps: flags.timestamps ? 1 : undefined,
      warnings: 1,
    },
  });
  try {
    if (source.tty) await copyRaw(stream, context);
    else await printFrames(stream, flags, openLogNames(engine, flags, source.slotDigits), context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    // Ctrl-C is how a followed log ends.
  }
}

interface Source {
  readonly path: string;
  readonly tty: boolean;
  /** Digits of the largest slot, so that names line up. */
  readonly slotDigits: number;
}

async function findSource(engine: Engine, name: string): Promise<Source> {
  const target = await findTarget(engine, name);
  if ("task" in target) return taskSource(target.task);
  const { service } = target;
  const replicas = service.Spec.Mode?.Replicated?.Replicas ?? 1;
  return {
    path: `/services/${segment(service.ID)}`,
    tty: service.Spec.TaskTemplate.ContainerSpec?.TTY ?? false,
    slotDigits: String(replicas).length,
  };
}

function taskSource(task: Task): Source {
  return {
    path: `/tasks/${segment(task.ID)}`,
    tty: task.Spec.ContainerSpec?.TTY ?? false,
    slotDigits: String(task.Slot ?? 1).length,
  };
}

/** The engine's `since`: seconds since the epoch, with a fraction. */
export function sinceSeconds(text: string, now: number): string {
  const at = Date.parse(text);
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  if (!Number.isNaN(at) && /\d-\d/.test(text)) return String(at / MS_PER_S);
  return ((now - (parseDuration(text) / NS_PER_S) * MS_PER_S) / MS_PER_S).toFixed(3);
}

async function copyRaw(stream: Readable, { out }: Context): Promise<void> {
  // A chunk may end in the middle of a character.
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    out.write(decoder.decode(chunk as Buffer, { stream: true }));
    await out.drained();
  }
}

/** Throws {@link QuietExit} at the end when the engine has said that something is missing. */
async function printFrames(
  stream: Readable,
  flags: LogFlags,
  names: LogNames,
  { out, err }: Context,
): Promise<void> {
  const reader = new FrameReader();
  let isComplete = true;
  for await (const chunk of stream) {
    for (const { stream: kind, payload } of reader.push(chunk as Buffer)) {
      const text = payload.toString();
      if (kind === "error") {
        isComplete = false;
        err.write(`swarm: ${text.trim()}\n`);
        continue;
      }
      const line = flags.raw ? text : await formatLine(text, flags, names);
      (kind === "stderr" ? err : out).write(line);
    }
    await Promise.all([out.drained(), err.drained()]);
  }
  if (!isComplete) throw new QuietExit(1);
}

async function formatLine(text: string, flags: LogFlags, names: LogNames): Promise<string> {
  const line = parseLogLine(text, flags.timestamps === true);
  const prefix = await names.of(line);
  const stamp = line.timestamp === undefined ? "" : `${line.timestamp} `;
  const details = flags.details && line.details !== "" ? `${line.details} ` : "";
  return `${stamp}${prefix}    | ${details}${line.text}`;
}
