import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { NetworkDialer } from "../network-dialer.ts";
import type { ExecRequest, ExecSession, ProcessList, TaskReach, TaskUsage } from "../reach.ts";
import { SCRIPT, withTerminal } from "./exec-command.ts";
import { ProcessExec } from "./exec-session.ts";
import { innerProcess } from "./inside.ts";
import { processList, processUsage } from "./process-usage.ts";
import type { CommandLine } from "./sandbox.ts";

/** Flag of nsenter, which then stays between us and the command. */
const ENTERS_PIDS = "--pid";

/** What the ways into a task need of it. */
export interface ProcessFace {
  /** Pid that leads the task's processes; null when none runs. */
  readonly pid: () => number | null;
  /** Resolves when the task has ended. */
  readonly ended: () => Promise<unknown>;
  /** How the command is run in the task whose first process is `init`. Throws what forbids it. */
  readonly enter: (request: ExecRequest, init: number) => Promise<CommandLine>;
}

export interface ProcessReachModules {
  readonly clock: Clock;
  readonly dialer: NetworkDialer;
}

/** The ways into a task of plain processes. */
export class ProcessReach implements TaskReach {
  readonly #task: ProcessFace;
  readonly #modules: ProcessReachModules;

  constructor(task: ProcessFace, modules: ProcessReachModules) {
    this.#task = task;
    this.#modules = modules;
  }

  async exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    signal.throwIfAborted();
    const { terminal, stdin } = request;
    if (terminal && !existsSync(SCRIPT))
      throw new SwarmError("unimplemented", `a terminal needs ${SCRIPT}, which this node lacks`);
    const line = await this.#task.enter(request, innerProcess(this.#pid()));
    const { argv, env } = terminal ? withTerminal(line, terminal) : line;
    const [file = "", ...args] = argv;
    const child = spawn(file, args, {
      cwd: "/",
      env,
      detached: true,
      stdio: [stdin || terminal ? "pipe" : "ignore", "pipe", terminal ? "ignore" : "pipe"],
    });
    await spawned(child);
    const wrappers = (terminal ? 1 : 0) + (line.argv.includes(ENTERS_PIDS) ? 1 : 0);
    const shape = { hasTerminal: terminal !== null, wrappers };
    const session = new ProcessExec(child, shape, this.#modules.clock);
    closeWith(this.#task.ended(), session, child);
    return session;
  }

  async top(): Promise<ProcessList> {
    return processList(this.#pid());
  }

  async usage(): Promise<TaskUsage> {
    return processUsage(this.#pid(), this.#modules.clock.now());
  }

  async dial(port: number, signal: AbortSignal): Promise<Duplex> {
    return this.#modules.dialer.dial(innerProcess(this.#pid()), port, signal);
  }

  #pid(): number {
    const pid = this.#task.pid();
    if (pid !== null) return pid;
    throw new SwarmError("failed-precondition", "the task does not run");
  }
}

/** The commands that run in each task, by the promise of its end. */
const running = new WeakMap<Promise<unknown>, Set<ExecSession>>();

/** Nothing inside a task outlives it; nothing is kept of a command that ended before. */
function closeWith(ended: Promise<unknown>, session: ExecSession, child: ChildProcess): void {
  let sessions = running.get(ended);
  if (!sessions) {
    const all = (sessions = new Set<ExecSession>());
    running.set(ended, all);
    void ended.then(() => Promise.all([...all].map((each) => each.close())));
  }
  sessions.add(session);
  child.once("exit", () => sessions.delete(session));
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(new SwarmError("unavailable", `the command could not be started: ${error.message}`)),
    );
  });
}
