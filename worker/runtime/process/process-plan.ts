import { accessSync, constants, statSync } from "node:fs";
import { constants as os } from "node:os";
import { isAbsolute, join } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";
import type { ProcessSpec, Task } from "../../../proto/generated.ts";
import { expandEnv } from "../env.ts";
import { expand, type TemplateScope } from "../template.ts";
import { resolveIdentity, type Identity } from "../identity.ts";

/** Grace period where the spec names none; Docker's. */
const STOP_GRACE_DEFAULT_MS = 10_000;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A process spec with its templates expanded and its names looked up. */
export interface ProcessPlan {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly identity: Identity | null;
}

/** How a process is stopped. */
export interface StopPlan {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** The process spec of a task; throws `failed-precondition` when it has another kind. */
export function processSpec(task: Task): ProcessSpec {
  if (task.spec?.runtime === "process") return task.spec.process;
  throw new SwarmError("failed-precondition", "the process runtime runs process tasks only");
}

function refuseUnsupported(spec: ProcessSpec): void {
  const asked = [
    [spec.rootFs !== "", "a root file system"],
    [spec.mounts.length > 0, "mounts"],
    [spec.ulimits.length > 0, "ulimits"],
  ] as const;
  for (const [present, what] of asked) {
    if (present)
      throw new SwarmError("unimplemented", `the process runtime does not offer ${what} yet`);
  }
}

function identityOf(user: string): Identity | null {
  if (user === "") return null;
  const identity = resolveIdentity(user);
  if (process.getuid?.() === 0) return identity;
  if (identity.uid === process.getuid?.() && identity.gid === process.getgid?.()) return null;
  throw new SwarmError("denied", `running as user ${user} needs a swarmd that runs as root`);
}

function stopSignalOf(name: string): NodeJS.Signals {
  if (name === "") return "SIGTERM";
  const upper = name.toUpperCase();
  const full = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  for (const [known, number] of Object.entries(os.signals)) {
    if (known === full || String(number) === name) return known as NodeJS.Signals;
  }
  throw new SwarmError("invalid", `invalid stop signal ${name}`);
}

/** Checks and expands a process spec. Throws `invalid` and the like: the task is then rejected. */
export function planProcess(spec: ProcessSpec, scope: TemplateScope): ProcessPlan {
  refuseUnsupported(spec);
  if (!spec.command[0]) throw new SwarmError("invalid", "a process needs a command");
  const env = expandEnv(spec.env, scope);
  const hostname = expand(spec.hostname, scope);
  const cwd = spec.dir || "/";
  if (!isAbsolute(cwd))
    throw new SwarmError("invalid", `working directory ${cwd} is not an absolute path`);
  return {
    command: spec.command,
    env: {
      PATH: process.env["PATH"] ?? DEFAULT_PATH,
      ...(hostname === "" ? {} : { HOSTNAME: hostname }),
      ...env,
    },
    cwd,
    identity: identityOf(spec.user),
  };
}

/** How to stop a process. Needs nothing of the host, so that stopping always works. */
export function planStop(spec: ProcessSpec): StopPlan {
  return {
    signal: stopSignalOf(spec.stopSignal),
    graceMs: (spec.stopGracePeriodNs?.value ?? STOP_GRACE_DEFAULT_MS * 1e6) / 1e6,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Absolute path of the plan's program, looked up in the task's own PATH and directory. Throws
 * `not-found` when there is none: starting would fail.
 */
export function findProgram({ command, env, cwd }: ProcessPlan): string {
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new SwarmError("not-found", `starting the process failed: no directory ${cwd}`);
  const [name = ""] = command;
  const dirs = name.includes("/") ? [""] : (env["PATH"] ?? "").split(":");
  for (const dir of dirs) {
    const path = join(isAbsolute(dir || name) ? "" : cwd, dir, name);
    if (isExecutable(path)) return path;
  }
  const where = name.includes("/") ? "" : " in $PATH";
  throw new SwarmError(
    "not-found",
    `starting the process failed: executable "${name}" not found${where}`,
  );
}
