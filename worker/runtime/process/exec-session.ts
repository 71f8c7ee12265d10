import { execFile, type ChildProcess } from "node:child_process";
import { readlinkSync } from "node:fs";
import { constants } from "node:os";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { abortable } from "../../../lib/abort.ts";
import type { Cancel, Clock } from "../../../lib/clock.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { mergeOutput } from "../merge-output.ts";
import type { ExecSession, OutputChunk, TerminalSize } from "../reach.ts";
import { processTree } from "./inside.ts";
import { signalGroup } from "./signals.ts";

/** How long output of a command that has ended may pause: whatever it left behind may hold it. */
const LINGER_MS = 300;

/** What lies between the process that was started and its command. */
export interface ExecShape {
  readonly hasTerminal: boolean;
  /** Processes that only wait for the command, the outermost first. */
  readonly wrappers: number;
}

/** A command that runs beside a task's program, as a child of ours. */
export class ProcessExec implements ExecSession {
  readonly input: Writable;
  readonly output: AsyncIterable<OutputChunk>;
  readonly #child: ChildProcess;
  readonly #hasTerminal: boolean;
  readonly #wrappers: number;
  readonly #ended: Promise<number>;

  constructor(child: ChildProcess, { hasTerminal, wrappers }: ExecShape, clock: Clock) {
    this.#child = child;
    this.#hasTerminal = hasTerminal;
    this.#wrappers = wrappers;
    this.input = child.stdin ?? new PassThrough().end();
    // A command may end without reading: that is no failure of the session.
    this.input.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal ? 128 + constants.signals[signal] : (code ?? 0)),
      );
    });
    const sources = [
      { stream: "stdout" as const, readable: child.stdout },
      { stream: "stderr" as const, readable: child.stderr },
    ].flatMap(({ stream, readable }) => (readable ? [{ stream, readable }] : []));
    this.output = mergeOutput(sources);
    child.once("exit", () => {
      for (const { readable } of sources) endWhenQuiet(readable, clock);
    });
  }

  wait(signal: AbortSignal): Promise<number> {
    return abortable(this.#ended, signal);
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    if (!this.#hasTerminal) return;
    const terminal = this.#terminal();
    if (terminal === null) return;
    const args = ["-F", terminal, "rows", String(rows), "cols", String(columns)];
    // It may be gone by now; a window of the wrong size is no reason to end a session.
    await new Promise<void>((resolve) => execFile("stty", args, () => resolve()));
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    if (!this.#isRunning) return;
    const tree = processTree(this.#child.pid ?? 0).slice(this.#wrappers);
    for (const { pid } of tree) kill(pid, name);
  }

  async close(): Promise<void> {
    const { pid = 0 } = this.#child;
    if (this.#isRunning) {
      for (const found of processTree(pid)) kill(found.pid, "SIGKILL");
      signalGroup(pid, "SIGKILL");
    }
    this.input.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The terminal's name on this host: what the command's own side has open. */
  #terminal(): string | null {
    for (const { pid } of processTree(this.#child.pid ?? 0).slice(1)) {
      const name = inputOf(pid);
      if (name.startsWith("/dev/pts/")) return name;
    }
    return null;
  }
}

function inputOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`);
  } catch (error) {
    if (isErrnoException(error)) return "";
    throw error;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrnoException(error, "ESRCH", "EPERM")) throw error;
  }
}

/** Closes a stream that nothing comes from any more, though somebody still has its other end. */
function endWhenQuiet(readable: Readable, clock: Clock): void {
  let cancel: Cancel = () => {};
  const arm = (): void => {
    cancel();
    cancel = clock.after(LINGER_MS, () => {
      if (readable.isPaused()) arm();
      else readable.destroy();
    });
  };
  readable.on("data", arm);
  readable.once("close", () => cancel());
  if (!readable.destroyed) arm();
}
