import type { Duplex, Writable } from "node:stream";

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A command to run beside a task's own program. */
export interface ExecRequest {
  /** Program and arguments; never empty. The program is looked up in the task's PATH. */
  readonly command: readonly string[];
  /** `KEY=value` each, on top of the task's environment. */
  readonly env: readonly string[];
  /** `user[:group]`; empty = the task's user. */
  readonly user: string;
  /** Absolute path inside the task; empty = the task's directory. */
  readonly dir: string;
  /** Whether the command reads what is written to the session; otherwise its input is empty. */
  readonly stdin: boolean;
  /** The size of the terminal it gets; null = plain pipes. */
  readonly terminal: TerminalSize | null;
}

export interface OutputChunk {
  /** With a terminal everything is on `stdout`. */
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** A command that runs, or has run, inside a task. */
export interface ExecSession {
  /** What the command reads; ending it is its end of input. Takes no more than the command does. */
  readonly input: Writable;
  /** What the command prints, while it is read only; ends when the command has and all was read. */
  readonly output: AsyncIterable<OutputChunk>;
  /**
   * Its exit status: 126 = cannot be executed, 127 = not found, 128 + n = ended by signal n.
   * Resolves once; a command that waits for its output to be read does not end.
   */
  wait(signal: AbortSignal): Promise<number>;
  /** Does nothing without a terminal, or when the command has ended. */
  resize(size: TerminalSize): Promise<void>;
  /** Sends a signal to the command and what it started; `unimplemented` where a runtime cannot. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** Ends the command and what it started, as far as they still run. */
  close(): Promise<void>;
}

/** The processes of a task, as `docker top` shows them: rows of as many cells as there are titles. */
export interface ProcessList {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/** What a task uses at one moment; null = the runtime cannot tell. */
export interface TaskUsage {
  /** When it was measured, milliseconds since the epoch. */
  readonly atMs: number;
  /** CPU time since the task's start, of all its processes, nanoseconds. Only ever grows. */
  readonly cpuNs: number;
  readonly memoryBytes: number;
  /** The task's own limit, or the machine's memory. */
  readonly memoryLimitBytes: number;
  readonly pids: number | null;
  readonly networkReceivedBytes: number | null;
  readonly networkSentBytes: number | null;
  readonly blockReadBytes: number | null;
  readonly blockWrittenBytes: number | null;
}

/** Ways into a running task. Each throws `failed-precondition` when it does not run. */
export interface TaskReach {
  /**
   * Starts a command with the task's environment, user, directory, namespaces and limits.
   * `invalid` for an unknown user or directory; a command that is not there ends with 127.
   */
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecSession>;
  top(signal: AbortSignal): Promise<ProcessList>;
  usage(signal: AbortSignal): Promise<TaskUsage>;
  /**
   * Connects to a TCP port that the task itself sees as its own; half-closes pass both ways.
   * `unavailable` when nothing listens there.
   */
  dial(port: number, signal: AbortSignal): Promise<Duplex>;
}
