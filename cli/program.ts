import { exitStatus, messageOf } from "../lib/errors.ts";
import { addCompletion } from "./complete/command.ts";
import { isHelpShown, SwarmCommand, UsageError, fullName } from "./command.ts";
import { addBlobCommands } from "./commands/blob.ts";
import { addCa } from "./commands/ca.ts";
import { addInfo } from "./commands/info.ts";
import { addInit } from "./commands/init.ts";
import { addJoin, addLeave } from "./commands/join.ts";
import { addJoinToken } from "./commands/join-token.ts";
import { addNetworkCommands } from "./commands/network.ts";
import { addNodeCommands } from "./commands/node/index.ts";
import { addServiceCommands } from "./commands/service/index.ts";
import { addTaskCommands } from "./commands/task.ts";
import { addUnlock, addUnlockKey } from "./commands/unlock.ts";
import { addUpdate } from "./commands/update.ts";
import type { Context } from "./context.ts";
import { QuietExit } from "./exit.ts";
import { HostOption } from "./flags/host-option.ts";
import { tlsOptions } from "./flags/tls-options.ts";
import { usageLine } from "./help.ts";
import { packageVersion } from "../lib/package-root.ts";

/** The whole command line of `swarm`, ready to parse. */
export function buildProgram(context: Context): SwarmCommand {
  const root = new SwarmCommand("swarm");
  root.description("Manage a swarm of machines and the services it runs");
  root.configureOutput({ writeOut: (text) => context.out.write(text) });
  root.version(packageVersion(import.meta.dirname), "-v, --version", "Print the version and exit");
  root.addOption(new HostOption());
  for (const option of tlsOptions()) root.addOption(option);
  addBlobCommands(root, context, "config");
  addNetworkCommands(root, context);
  addNodeCommands(root, context);
  addBlobCommands(root, context, "secret");
  addServiceCommands(root, context);
  addTaskCommands(root, context);
  addCa(root, context);
  addCompletion(root, context);
  addInfo(root, context);
  addInit(root, context);
  addJoin(root, context);
  addJoinToken(root, context);
  addLeave(root, context);
  addUnlock(root, context);
  addUnlockKey(root, context);
  addUpdate(root, context);
  for (const command of root.commands) acceptHost(command as SwarmCommand);
  return root;
}

/** `-H` is taken after the command's words too, where `--host` does not mean something else. */
function acceptHost(command: SwarmCommand): void {
  const isTaken = command.options.some((option) => option.long === "--host");
  if (command.commands.length === 0)
    command.addOption(new HostOption(isTaken ? "-H, --swarm-host <url>" : undefined).hideHelp());
  for (const sub of command.commands) acceptHost(sub as SwarmCommand);
}

/** Runs one command line and gives its exit status. Every failure has been told on `err`. */
export async function runProgram(argv: readonly string[], context: Context): Promise<number> {
  const program = buildProgram(context);
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return tell(error, context);
  }
}

function tell(error: unknown, context: Context): number {
  if (isHelpShown(error)) return 0;
  if (error instanceof QuietExit) return error.exit;
  if (context.signal.aborted) return exitStatus(context.signal.reason);
  if (error instanceof UsageError) {
    const { command } = error;
    const usage = `Usage:  ${usageLine(command)}`;
    const more = `Run '${fullName(command)} --help' for more information`;
    context.err.write(`swarm: ${error.message}\n\n${usage}\n\n${more}\n`);
    return error.exit;
  }
  context.err.write(`swarm: ${messageOf(error)}\n`);
  return exitStatus(error);
}
