import { Worker } from "node:worker_threads";
import type { Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger, LogLevel } from "../../../lib/log.ts";
import type { MemberOptions } from "../bound-member.ts";
import type { FromDriver, ToDriver } from "../driver/port.ts";
import { fromPortError, toPortError } from "../driver/port-error.ts";
import type { MemberIdentity } from "../member-file.ts";
import { deferToNextTurn } from "../raft-options.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";
import { ThreadPort } from "./thread-port.ts";
import type { ThreadData } from "./worker.ts";

/** How long a thread may take to end after its member has. */
const EXIT_MS = 5000;

/** Where the thread starts: the compiled worker, or the one that loads the sources. */
function entryPoint(): URL {
  const compiled = import.meta.url.endsWith(".js");
  return new URL(compiled ? "./worker.js" : "./source-worker.mjs", import.meta.url);
}

/** A member in a thread of its own: no amount of work in the calling thread delays a heartbeat. */
export class RaftThread {
  readonly addr: string;
  /** Who the member was in an earlier life. */
  readonly identity: MemberIdentity | undefined;
  readonly port: ThreadPort<FromDriver, ToDriver>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;

  private constructor(
    bound: Extract<FromThread, { kind: "bound" }>,
    worker: Worker,
    port: ThreadPort<FromDriver, ToDriver>,
  ) {
    this.addr = bound.addr;
    this.identity = bound.identity;
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    this.port = port;
  }

  /** Starts the thread; resolves when the member's port is open. Errors as `openRaft`. */
  static bind(options: MemberOptions, log: Logger): Promise<RaftThread> {
    const workerData: ThreadData = { options, logLevel: log.level as LogLevel };
    const worker = new Worker(entryPoint(), { workerData, execArgv: [] });
    const port = new ThreadPort<FromDriver, ToDriver>((messages) => {
      worker.postMessage({ kind: "driver", messages } satisfies ToThread);
    }, deferToNextTurn);
    return new Promise((resolve, reject) => {
      /** Before the member is bound an error is the opener's, later the host's. */
      const fail = (error: unknown): void => {
        reject(error);
        port.deliver([{ kind: "failed", error: toPortError(error) }]);
      };
      worker.on("message", (message: FromThread) => {
        if (message.kind === "host") port.deliver(message.messages);
        else if (message.kind === "log") relay(log, message.line);
        else if (message.kind === "failed") fail(fromPortError(message.error));
        else resolve(new RaftThread(message, worker, port));
      });
      worker.on("error", fail);
      worker.on("exit", () => fail(new SwarmError("internal", "the Raft thread has ended")));
    });
  }

  /** Has the member take part. A failure is told through the port. */
  begin(identity: MemberIdentity): void {
    this.#worker.postMessage({ kind: "begin", identity } satisfies ToThread);
  }

  /** Gives the port up without having begun; without effect once the member has ended. */
  release(): void {
    this.#worker.postMessage({ kind: "release" } satisfies ToThread);
  }

  /**
   * Waits until the thread of a member that has stopped or failed has ended; one that does not is
   * ended by force. Force is the last resort: Node may abort the process when a thread is cut off
   * while it reads from a socket.
   */
  async join(clock: Clock): Promise<void> {
    const cancel = clock.after(EXIT_MS, () => void this.#worker.terminate());
    await this.#exited;
    cancel();
  }
}

/** Writes a line of the thread's log to the process's. */
function relay(log: Logger, line: string): void {
  const {
    level,
    time: _time,
    msg,
    ...fields
  } = JSON.parse(line) as {
    readonly level: number;
    readonly time: number;
    readonly msg?: string;
  };
  const name = log.levels.labels[level] as Exclude<LogLevel, "silent"> | undefined;
  log[name ?? "info"](fields, msg ?? "");
}
