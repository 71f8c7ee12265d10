import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { messageOf } from "../../../lib/errors.ts";
import type { TaskRoot } from "./task-root.ts";
import { toolCommand, type Tool } from "./toolbox.ts";

const BIN = "/usr/bin";
/** All of util-linux but the shell. */
const PROGRAMS = ["unshare", "nsenter", "setpriv", "mount", "prlimit"].map(
  (name) => `${BIN}/${name}`,
);
const PIVOT_ROOT = "/usr/sbin/pivot_root";
/** What a task has of its own: what it changes or sees there, nobody else does. */
const NAMESPACES = ["--fork", "--kill-child", "--pid", "--mount", "--ipc", "--uts"] as const;
/** Where the node's own root is for the moment between two steps. */
const OLD_ROOT = "/dev/.host";
/** Environment of what sets a task up: nothing of the task's own may steer it. */
const SETUP_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Who a program is to be, and what it may still do. */
export interface Privileges {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** As {@link boundingSet} writes it. */
  readonly bounding: string;
  readonly noNewPrivileges: boolean;
}

/** A program and how it is to be started inside a sandbox. */
export interface Inside {
  /** Looked up in the PATH of `env` when it has no slash. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly privileges: Privileges;
  /** Whether the task has a root file system of its own. */
  readonly hasRoot: boolean;
}

/** What a task is set apart with. */
export interface SandboxPlan {
  readonly hostname: string;
  /** Files of control groups to join. */
  readonly cgroups: readonly string[];
  readonly sysctls: readonly { readonly path: string; readonly value: string }[];
  /** File with the mounts of a task without a root of its own, as in an fstab; empty = none. */
  readonly tab: string;
  readonly root: TaskRoot | null;
  /** File of a network namespace; empty = the node's. */
  readonly network: string;
  /** Options of prlimit. */
  readonly ulimits: readonly string[];
}

/** A command line with its environment. */
export interface CommandLine {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function mountAll(tab: string): readonly string[] {
  return tab === "" ? [] : [`${BIN}/mount -n -a -T ${quoted(tab)}`];
}

function enterRoot(root: TaskRoot): readonly string[] {
  const umount = toolCommand("umount").join(" ");
  return [
    ...mountAll(root.baseTab),
    `cp -a ${root.devices.map(quoted).join(" ")} ${TOOLBOX_LINKS} ${quoted(`${root.dir}/dev/`)}`,
    ...root.ownDevices.flatMap(({ host, target }) => {
      const place = quoted(root.dir + target);
      return [`mkdir -p "$(dirname ${place})"`, `cp -a ${quoted(host)} ${place}`];
    }),
    ...mountAll(root.tab),
    `mkdir ${quoted(root.dir + OLD_ROOT)}`,
    `cd ${quoted(root.dir)}`,
    `${PIVOT_ROOT} . ${quoted(`.${OLD_ROOT}`)}`,
    "cd /",
    `${umount} -l ${OLD_ROOT}`,
  ];
}

/** The links that programs expect in /dev; every process has them below /proc. */
const TOOLBOX_LINKS = "/dev/fd /dev/stdin /dev/stdout /dev/stderr";

/**
 * The shell that becomes the first process of a task's pid namespace: it sets the task up, starts
 * its program, reaps what that leaves behind, and writes the exit status to descriptor 3. What goes
 * wrong before the program runs stands there too, before a status of 125. Descriptor 5 keeps the
 * task's standard error.
 */
function initScript(plan: SandboxPlan, program: string): string {
  const steps = [
    ...plan.cgroups.map((path) => `echo 0 > ${quoted(path)}`),
    ...(plan.hostname === "" ? [] : [`echo ${quoted(plan.hostname)} > /proc/sys/kernel/hostname`]),
    ...plan.sysctls.map(({ path, value }) => `printf %s ${quoted(value)} > ${path}`),
    ...(plan.root ? enterRoot(plan.root) : mountAll(plan.tab)),
  ];
  const failed = "{ echo 125 >&3; exit 125; }";
  return [
    "exec 5>&2 2>&3",
    ...steps.map((step) => `${step} || ${failed}`),
    "exec 2>/dev/null",
    `(exec ${program} 2>&3)`,
    'code=$?; echo "$code" >&3; exit "$code"',
  ].join("\n");
}

/**
 * The task's own environment and directory, then its program: run by a shell that has the task's
 * identity already, so that no variable of the task's reaches a privileged program. `report` says
 * where complaints go and what else is done right before the program runs.
 */
export function programScript(names: readonly string[], report: string): string {
  const stored = names.map((_, i) => `SKEP_ENV_${i}`);
  return [
    ...(names.length > 0 ? [`export ${stored.map((name) => `"$${name}"`).join(" ")}`] : []),
    ...(names.length > 0 ? [`unset ${stored.join(" ")}`] : []),
    'cd -- "$1" || exit 126',
    "shift; unset OLDPWD",
    'command -v -- "$1" >/dev/null || { echo "executable \\"$1\\" not found in \\$PATH" >&2; exit 127; }',
    report,
  ].join("\n");
}

/**
 * Tells descriptor 4 that the program runs from now on, and gives it its own standard error. Whoever
 * listened may have died, with the swarmd that it served: the task starts nevertheless.
 */
export const REPORT_START = [
  "trap '' 13; echo 2>/dev/null >&4; trap - 13",
  'exec "$@" 2>&5 3>&- 4>&- 5>&-',
].join("\n");

function storedEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(env).map(([name, value], i) => [
    `SKEP_ENV_${i}`,
    `${name}=${value}`,
  ]);
  return Object.fromEntries(entries);
}

function tool(name: Tool, hasRoot: boolean): readonly string[] {
  if (hasRoot) return toolCommand(name);
  return [name === "sh" ? "/bin/sh" : `${BIN}/${name}`];
}

/** Leads from the task's namespaces as root to its program. */
function programCommand(inside: Inside, report: string): readonly string[] {
  const { privileges, hasRoot, cwd, command, env } = inside;
  const { uid, gid, groups, bounding, noNewPrivileges } = privileges;
  return [
    ...tool("setpriv", hasRoot),
    // Who is root already is not looked up: the databases of users cost as much as a program start.
    ...(uid === 0 && gid === 0 ? [] : [`--reuid=${uid}`, `--regid=${gid}`]),
    groups.length > 0 ? `--groups=${groups.join(",")}` : "--clear-groups",
    `--bounding-set=${bounding}`,
    "--inh-caps=-all",
    ...(noNewPrivileges ? ["--no-new-privs"] : []),
    "--",
    ...tool("sh", hasRoot),
    "-c",
    programScript(Object.keys(env), report),
    "skep-program",
    cwd,
    ...command,
  ];
}

/** What sets tasks apart from the host: namespaces, made and entered with util-linux. */
export class Sandbox {
  /** Starts a task. `marks` are variables that tell whose it is. */
  start(plan: SandboxPlan, inside: Inside, marks: Readonly<Record<string, string>>): CommandLine {
    const { ulimits, network, root } = plan;
    const program = programCommand(inside, REPORT_START).map(quoted).join(" ");
    const argv = [
      ...(ulimits.length > 0 ? [`${BIN}/prlimit`, ...ulimits, "--"] : []),
      ...(network === "" ? [] : [`${BIN}/nsenter`, `--net=${network}`, "--"]),
      `${BIN}/unshare`,
      ...NAMESPACES,
      "--propagation=slave",
      ...(root ? [] : ["--mount-proc"]),
      "--",
      "/bin/sh",
      "-c",
      initScript(plan, program),
      "skep-task",
    ];
    return { argv, env: { ...storedEnv(inside.env), ...marks, PATH: SETUP_PATH } };
  }

  /** Runs another program in a running task, whose first process is `init`. */
  enter(init: number, cgroups: readonly string[], inside: Inside): CommandLine {
    const join = cgroups.map((path) => `echo 0 > ${quoted(path)}`);
    const argv = [
      "/bin/sh",
      "-c",
      [...join, 'exec "$@"'].join(" && "),
      "skep-enter",
      `${BIN}/nsenter`,
      `--target=${init}`,
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--",
      ...programCommand(inside, 'exec "$@"'),
    ];
    return { argv, env: { ...storedEnv(inside.env), PATH: SETUP_PATH } };
  }
}

/** Why this host offers no sandbox; empty when it does. */
export function sandboxRefusal(): string {
  if (process.geteuid?.() !== 0) return "swarmd does not run as root";
  const missing = [...PROGRAMS, PIVOT_ROOT].filter((path) => !existsSync(path));
  if (missing.length > 0) return `util-linux is not complete: ${missing.join(", ")} missing`;
  try {
    execFileSync(`${BIN}/unshare`, [...NAMESPACES, "--mount-proc", "--", "/bin/true"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return "";
  } catch (error) {
    // A container without the capability, say: then as without root.
    return messageOf(error).split("\n").at(-1) || "the kernel refuses namespaces";
  }
}
