import type { Task } from "../../../proto/generated.ts";
import type { ExecRequest, TerminalSize } from "../reach.ts";
import { processSpec } from "./process-plan.ts";
import type { CommandLine } from "./sandbox.ts";

/** Of util-linux: holds the other end of a terminal that it gives a command. */
export const SCRIPT = "/usr/bin/script";
/** What script starts; the task's own $SHELL need not be on the node. */
const SHELL = "/bin/sh";
/** What a terminal is taken for when nobody says; docker's. */
const TERM = "TERM=xterm";

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The program of the node that {@link withSession} can stand before, and what it starts. */
const SETPRIV = "/usr/bin/setpriv";
const SETSID = ["/usr/bin/setsid", "--ctty", "--"];

/**
 * The same command line, the command with a session of its own: a shell cannot hand the terminal
 * back to a process group that its pid namespace does not show. A task with a root file system of
 * its own has no such program; a shell there complains when it ends.
 */
function withSession(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf(SETPRIV);
  return at < 0 ? argv : [...argv.slice(0, at), ...SETSID, ...argv.slice(at)];
}

/** The same command line with a terminal of its own. */
export function withTerminal(line: CommandLine, { rows, columns }: TerminalSize): CommandLine {
  const command = withSession(line.argv).map(quote).join(" ");
  const script = `stty rows ${rows} cols ${columns} 2>/dev/null; exec ${command}`;
  const flags = ["--quiet", "--return", "--echo", "always", "--command", script, "/dev/null"];
  return { argv: [SCRIPT, ...flags], env: { ...line.env, SHELL } };
}

/** The task as if its own program were the command: with the user, directory and variables asked for. */
export function taskFor({ user, dir, env, terminal }: ExecRequest, task: Task): Task {
  const spec = processSpec(task);
  const process = {
    ...spec,
    user: user || spec.user,
    dir: dir || spec.dir,
    env: [...(terminal ? [TERM] : []), ...spec.env, ...env],
  };
  return task.spec?.runtime === "process" ? { ...task, spec: { ...task.spec, process } } : task;
}
