import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import type { Duplex } from "node:stream";
import { isAbsolute, join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Identity } from "../identity.ts";
import type { ExecRequest, ExecSession, ProcessList, TaskReach, TaskUsage } from "../reach.ts";
import { connectHere } from "../connect-here.ts";
import { execCommand } from "./exec-command.ts";
import { ProcessExec } from "./exec-session.ts";
import { innerProcess, namespaceFlags, ownGroups } from "./inside.ts";
import { processList, processUsage } from "./process-usage.ts";

const SCRIPT = "/usr/bin/script";
const TERMINAL_DEFAULT = "xterm";

/** What a task's own program runs with. */
export interface ProcessFace {
  /** Pid that leads the task's processes; null when none runs. */
  readonly pid: () => number | null;
  /** Resolves when the task has ended. */
  readonly ended: () => Promise<unknown>;
  readonly env: () => Readonly<Record<string, string>>;
  readonly cwd: () => string;
  /** Who a command is that runs as `user[:group]`, empty = the task's own; null = as swarmd. */
  readonly identity: (user: string) => Promise<Identity | null>;
}

/** The ways into a task of plain processes. */
export class ProcessReach implements TaskReach {
  readonly #task: ProcessFace;
  readonly #clock: Clock;

  constructor(task: ProcessFace, clock: Clock) {
    this.#task = task;
    this.#clock = clock;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    signal.throwIfAborted();
    const pid = innerProcess(this.#pid());
    if (request.terminal && !existsSync(SCRIPT))
      throw new SwarmError("unimplemented", `a terminal needs ${SCRIPT}, which this node lacks`);
    const namespaces = process.geteuid?.() === 0 ? namespaceFlags(pid) : [];
    const dir = request.dir || this.#task.cwd();
    const root = namespaces.length === 0 ? "" : `/proc/${pid}/root`;
    if (!isAbsolute(dir) || !statSync(join(root, dir), { throwIfNoEntry: false })?.isDirectory())
      throw new SwarmError("invalid", `there is no directory ${dir} in the task`);
    const identity = await this.#task.identity(request.user);
    const groups = ownGroups(pid).map((group) => join(group.dir, "cgroup.procs"));
    const { command, terminal } = request;
    const plan = { command, pid, namespaces, groups, dir, identity, terminal };
    const [file = "", ...args] = execCommand(plan);
    const child = spawn(file, args, {
      cwd: namespaces.length === 0 ? dir : "/",
      env: this.#env(request),
      detached: true,
      stdio: [request.stdin || terminal ? "pipe" : "ignore", "pipe", terminal ? "ignore" : "pipe"],
      ...(namespaces.length === 0 && identity ? identity : {}),
    });
    await spawned(child);
    const session = new ProcessExec(child, terminal !== null, this.#clock);
    // Nothing inside a task outlives it.
    void this.#task.ended().then(() => session.close());
    return session;
  }

  async top(): Promise<ProcessList> {
    return processList(this.#pid());
  }

  async usage(): Promise<TaskUsage> {
    return processUsage(this.#pid(), this.#clock.now());
  }

  dial(port: number, signal: AbortSignal): Promise<Duplex> {
    this.#pid();
    return connectHere(port, signal);
  }

  #pid(): number {
    const pid = this.#task.pid();
    if (pid !== null) return pid;
    throw new SwarmError("failed-precondition", "the task does not run");
  }

  #env({ env, terminal }: ExecRequest): Readonly<Record<string, string>> {
    const pairs = env.map((entry): readonly [string, string] => {
      const at = entry.indexOf("=");
      return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
    });
    const inherited = { ...this.#task.env(), ...Object.fromEntries(pairs) };
    // `script` starts what $SHELL names, which need not be there.
    return terminal ? { TERM: TERMINAL_DEFAULT, ...inherited, SHELL: "/bin/sh" } : inherited;
  }
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(new SwarmError("unavailable", `the command could not be started: ${error.message}`)),
    );
  });
}
