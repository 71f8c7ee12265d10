import { SwarmError } from "../../../lib/errors.ts";
import { segment } from "../../api/engine.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { QuietExit } from "../../exit.ts";
import { boolFlag, listFlag, textFlag } from "../../flags/option.ts";
import { choiceFlags, CLIENT_HEADER, findTask, type ChoiceFlags } from "../../reach/find-task.ts";
import { runExec } from "../../reach/run-exec.ts";

interface ExecFlags extends ChoiceFlags {
  readonly env?: readonly string[];
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
}

/** `swarm service exec SERVICE|TASK COMMAND` and `swarm task exec TASK COMMAND`. */
export function addExec(parent: SwarmCommand, context: Context, noun: "SERVICE|TASK" | "TASK") {
  const command = parent
    .command("exec")
    .description("Run a command in a running task, wherever it runs")
    .argument(noun)
    .argument("COMMAND")
    .argument("[ARG...]")
    .passThroughOptions();
  command
    .addOption(listFlag("e,env", "Set environment variables (KEY=value, or KEY for one of yours)"))
    .addOption(boolFlag("i,interactive", "Let the command read from here"))
    .addOption(boolFlag("t,tty", "Give the command a terminal"))
    .addOption(textFlag("u,user", "User to run as (<name|uid>[:<group|gid>])"))
    .addOption(textFlag("w,workdir", "Directory inside the task"));
  if (noun !== "TASK") for (const flag of choiceFlags()) command.addOption(flag);
  command.action(
    async (name: string, program: string, args: readonly string[], flags: ExecFlags) => {
      const words = program === "--" ? args : [program, ...args];
      await exec(name, words, flags, command, context);
    },
  );
}

/** `KEY` alone stands for what it is here; one that is not set here is left out. */
function environment(entries: readonly string[], env: Context["env"]): readonly string[] {
  return entries.flatMap((entry) => {
    if (entry.includes("=")) return [entry];
    const value = env[entry];
    return value === undefined ? [] : [`${entry}=${value}`];
  });
}

async function exec(
  name: string,
  words: readonly string[],
  flags: ExecFlags,
  command: SwarmCommand,
  context: Context,
): Promise<void> {
  const { terminal } = context;
  const stdin = flags.interactive ?? false;
  const tty = flags.tty ?? false;
  if (words.length === 0) throw new SwarmError("invalid", "name the command to run");
  if (stdin && tty && !terminal.isInputTTY)
    throw new SwarmError("invalid", "the input is not a terminal: leave --tty out");
  const engine = await engineOf(command, context);
  const task = await findTask(engine, name, flags);
  const { rows, columns } = terminal.size();
  const body = {
    Command: words,
    Env: environment(flags.env ?? [], context.env),
    User: flags.user ?? "",
    Dir: flags.workdir ?? "",
    Stdin: stdin,
    Tty: tty,
    Rows: rows,
    Columns: columns,
  };
  const path = `/skep/v1/tasks/${segment(task.ID)}/exec`;
  const socket = await engine.upgrade({
    method: "POST",
    path,
    body,
    headers: { [CLIENT_HEADER]: context.client },
  });
  const code = await runExec(socket, { stdin, tty }, terminal, context.signal);
  if (code !== 0) throw new QuietExit(code);
}
