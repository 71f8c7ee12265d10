import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { readFileSync } from "node:fs";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import { FrameSplitter } from "../../../lib/frames.ts";
import { processTree } from "../process/inside.ts";
import type { ExecSession, OutputChunk, TerminalSize } from "../reach.ts";
import { engineCall } from "./engine-error.ts";

/** The engine copies in pieces far smaller. */
const FRAME_BYTES_MAX = 16 << 20;
const STDERR_FRAME = 2;
/** How often the engine is asked what has become of a command. */
const POLL_MS = 20;
const POLLS_MAX = 500;
/** Older engines say 126 for a command that is not there, and why in its output. */
const CANNOT_EXECUTE = 126;
const COMMAND_NOT_FOUND = 127;
/** As a shell says it: ended by SIGKILL. */
const KILLED = 137;
const NOT_FOUND = /^OCI runtime exec failed: .*(?:executable file not found|no such file)/;
const FIRST_OUTPUT_BYTES = 1024;

export interface DockerExecParts {
  readonly exec: Docker.Exec;
  /** The connection that the engine handed over. */
  readonly stream: Duplex;
  readonly containerId: string;
  readonly hasTerminal: boolean;
  readonly clock: Clock;
}

/** A command in a container, by the engine's exec. */
export class DockerExec implements ExecSession {
  readonly input: Duplex;
  readonly output: AsyncIterable<OutputChunk>;
  readonly #parts: DockerExecParts;
  /** Where the engine says why a command cannot be run. */
  #firstOutput = "";
  #killed = false;

  constructor(parts: DockerExecParts) {
    this.#parts = parts;
    this.input = parts.stream;
    parts.stream.on("error", () => {});
    this.output = this.#observed(
      parts.hasTerminal ? raw(parts.stream) : demultiplexed(parts.stream),
    );
  }

  async wait(signal: AbortSignal): Promise<number> {
    const { ExitCode } = await this.#until(hasEnded, signal);
    const code = ExitCode ?? 0;
    // The engine also says so of a command whose connection it lost before it saw the end of it.
    if (code === CANNOT_EXECUTE && this.#killed) return KILLED;
    return code === CANNOT_EXECUTE && NOT_FOUND.test(this.#firstOutput) ? COMMAND_NOT_FOUND : code;
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    const { exec, hasTerminal } = this.#parts;
    if (!hasTerminal) return;
    try {
      await exec.resize({ h: rows, w: columns });
    } catch {
      // It has ended by now: a window of the wrong size is no reason to end a session.
    }
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    const { pid, running } = await this.#process();
    if (!running) return;
    if (pid === null)
      throw new SwarmError("unimplemented", "an engine elsewhere passes no signals to a command");
    for (const found of processTree(pid)) kill(found.pid, name);
  }

  async close(): Promise<void> {
    const { stream } = this.#parts;
    const { pid } = await this.#process();
    this.#killed = pid !== null;
    if (pid !== null) for (const found of processTree(pid)) kill(found.pid, "SIGKILL");
    stream.destroy();
  }

  async *#observed(output: AsyncIterable<OutputChunk>): AsyncIterable<OutputChunk> {
    for await (const chunk of output) {
      if (this.#firstOutput === "")
        this.#firstOutput = Buffer.from(chunk.data).toString("latin1", 0, FIRST_OUTPUT_BYTES);
      yield chunk;
    }
  }

  /** Asks the engine about the command until `isGood`. */
  async #until(isGood: (found: ExecState) => boolean, signal: AbortSignal): Promise<ExecState> {
    const { exec, clock } = this.#parts;
    for (let polls = 0; polls < POLLS_MAX; polls++) {
      const found: ExecState = await engineCall(() => exec.inspect(), signal);
      if (isGood(found)) return found;
      await sleep(clock, POLL_MS, signal);
    }
    throw new SwarmError("deadline", "the engine does not say what became of the command");
  }

  /** The command's process on this machine; null when it has none here. */
  async #process(): Promise<{ readonly pid: number | null; readonly running: boolean }> {
    const isKnown = (found: ExecState): boolean => found.Pid > 0 || hasEnded(found);
    try {
      const found = await this.#until(isKnown, new AbortController().signal);
      if (hasEnded(found)) return { pid: null, running: false };
      // Of an engine on another machine the number would be somebody else's.
      const isHere = groupsOf(found.Pid).includes(this.#parts.containerId);
      return { pid: isHere ? found.Pid : null, running: true };
    } catch (error) {
      if (isSwarmError(error)) return { pid: null, running: false };
      throw error;
    }
  }
}

/** What we read of the engine's view of a command; not started yet, it has no exit status. */
interface ExecState {
  readonly Running: boolean;
  readonly ExitCode: number | null;
  readonly Pid: number;
}

function hasEnded({ Running: running, ExitCode: code }: ExecState): boolean {
  return !running && code !== null;
}

function groupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "latin1");
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

function chunksOf(stream: Duplex): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

async function* raw(stream: Duplex): AsyncIterable<OutputChunk> {
  for await (const data of chunksOf(stream)) yield { stream: "stdout", data };
}

async function* demultiplexed(stream: Duplex): AsyncIterable<OutputChunk> {
  const splitter = new FrameSplitter(FRAME_BYTES_MAX);
  for await (const chunk of chunksOf(stream))
    for (const { type, payload } of splitter.push(chunk))
      yield { stream: type === STDERR_FRAME ? "stderr" : "stdout", data: payload };
}
