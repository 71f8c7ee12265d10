import type { TerminalSize } from "../reach.ts";
import type { Identity } from "../identity.ts";

const SHELL = "/bin/sh";
const NSENTER = "/usr/bin/nsenter";
const SCRIPT = "/usr/bin/script";

/** Joins the task's control groups ($1 of them) before anything of the command runs. */
const JOIN_GROUPS =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1"; shift; n=$((n-1)); done; exec "$@"';

/** What a command inside a task is started with. */
export interface ExecPlan {
  readonly command: readonly string[];
  /** A process in the task's namespaces. */
  readonly pid: number;
  /** Flags of nsenter; none = the task has no namespaces of its own. */
  readonly namespaces: readonly string[];
  /** Files that take the pid of a new member of the task's control groups. */
  readonly groups: readonly string[];
  /** Directory as the task sees it. */
  readonly dir: string;
  /** Null: the worker's own. */
  readonly identity: Identity | null;
  readonly terminal: TerminalSize | null;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Leads into the task's namespaces and, inside, to its directory and user. */
function entering({ namespaces, pid, dir, identity }: ExecPlan): readonly string[] {
  if (namespaces.length === 0) return [];
  const user = identity ? [`--setuid=${identity.uid}`, `--setgid=${identity.gid}`] : [];
  const root = `/proc/${pid}/root`;
  // The directory is opened before the namespaces are entered: by the task's root, seen from here.
  const place = [`--root=${root}`, `--wd=${root}${dir}`];
  return [NSENTER, `--target=${pid}`, ...namespaces, ...place, ...user, "--"];
}

/**
 * Program and arguments that run the plan's command. Without a terminal they give way to it by
 * exec; with one, `script` of util-linux holds the terminal's other end.
 */
export function execCommand(plan: ExecPlan): readonly string[] {
  const groups = [String(plan.groups.length), ...plan.groups];
  const inside = [...entering(plan), ...plan.command];
  const joined = [SHELL, "-c", JOIN_GROUPS, "skep-exec", ...groups, ...inside];
  if (!plan.terminal) return joined;
  const { rows, columns } = plan.terminal;
  const sized = `stty rows ${rows} cols ${columns} 2>/dev/null; exec ${joined.map(quote).join(" ")}`;
  return [SCRIPT, "--quiet", "--return", "--echo", "always", "--command", sized, "/dev/null"];
}
