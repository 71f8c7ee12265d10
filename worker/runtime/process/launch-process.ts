import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { SwarmError, type ErrorCode } from "../../../lib/errors.ts";
import type { Launched, Launcher, LaunchRequest } from "./launch.ts";
import { WORKER_MARK } from "./proc.ts";
import type { ProcessRecord } from "./process-record.ts";

/** It holds next to nothing: what it has not collected yet would only be copied by every fork. */
const FLAGS = ["--max-semi-space-size=1", "--v8-pool-size=1"];

/** What the process is told: a start, by a number of its own. */
export interface ToLaunchProcess {
  readonly id: number;
  readonly request: LaunchRequest;
}

/** What it tells of the start `id`, in this order; nothing after `failed` or `ended`. */
export type FromLaunchProcess = { readonly id: number } & (
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "launched"; readonly record: ProcessRecord }
  | { readonly kind: "started" }
  | { readonly kind: "ended"; readonly code: number | null }
);

/** Where it begins: the compiled entry, or the one that loads the sources. */
function entryPoint(): string {
  const compiled = import.meta.url.endsWith(".js");
  const name = compiled ? "./launch-entry.js" : "./source-launch-entry.mjs";
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A promise, and how it is kept. */
interface Promised<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function promised<T>(): Promised<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Who waits for the steps of one start. */
interface Waiting {
  readonly resolve: (launched: Launched) => void;
  readonly reject: (error: SwarmError) => void;
  readonly started: Promised<void>;
  readonly ended: Promised<number | null>;
}

/**
 * Starts processes from a small process, which begins with the first of them and ends with this one.
 * To fork a process as large as swarmd takes milliseconds, in which its event loop stands still, and
 * hundreds in a row would keep it from the managers' pings. When the small process dies, the tasks run
 * on without a parent, and the next start begins another one.
 */
export class LaunchProcess implements Launcher {
  readonly #worker: string;
  readonly #waiting = new Map<number, Waiting>();
  #process: ChildProcess | null = null;
  #launches = 0;

  /** `worker` is the mark by which a later swarmd finds the process, should it outlive this one. */
  constructor(worker: string) {
    this.#worker = worker;
  }

  launch(request: LaunchRequest): Promise<Launched> {
    const id = this.#launches++;
    this.#process ??= this.#begin();
    this.#process.send({ id, request } satisfies ToLaunchProcess);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, started: promised(), ended: promised() });
    });
  }

  async close(): Promise<void> {
    if (!this.#process) return;
    const exit = once(this.#process, "exit");
    this.#process.disconnect();
    await exit;
  }

  #begin(): ChildProcess {
    const env = { [WORKER_MARK]: this.#worker };
    // In a session of its own it does not meet the signals that people send to swarmd's terminal.
    const child = fork(entryPoint(), [], { execArgv: FLAGS, env, detached: true });
    child.on("message", (message: FromLaunchProcess) => this.#hear(message));
    child.on("error", () => {}); // what was on its way is told by the exit
    child.once("exit", () => this.#lose(child));
    return child;
  }

  #hear(message: FromLaunchProcess): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    const { started, ended } = waiting;
    if (message.kind === "failed") waiting.reject(new SwarmError(message.code, message.message));
    else if (message.kind === "started") started.resolve();
    else if (message.kind === "ended") ended.resolve(message.code);
    else {
      const { record } = message;
      waiting.resolve({ record, started: started.promise, ended: ended.promise });
    }
    if (message.kind === "failed" || message.kind === "ended") this.#waiting.delete(message.id);
  }

  #lose(child: ChildProcess): void {
    if (this.#process === child) this.#process = null;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject, ended } of lost) {
      reject(new SwarmError("aborted", "the process that starts others has ended"));
      ended.resolve(null);
    }
  }
}
