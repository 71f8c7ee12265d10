import { Duplex, PassThrough, Readable } from "node:stream";
import { SwarmError } from "../../lib/errors.ts";
import type {
  ExecRequest,
  ExecSession,
  OutputChunk,
  ProcessList,
  TaskReach,
  TaskUsage,
  TerminalSize,
} from "../../worker/runtime/reach.ts";

/** How the fake's built-in commands are called. */
const COMMANDS = ["echo", "cat", "exit", "wait"];

/** A command of a {@link FakeReach}: `echo WORDS`, `cat`, `exit CODE` or `wait`, for a signal. */
class FakeExec implements ExecSession {
  readonly input = new PassThrough();
  readonly output: AsyncIterable<OutputChunk>;
  readonly sizes: TerminalSize[] = [];
  readonly #ended: Promise<number>;
  readonly #request: ExecRequest;
  #end: (code: number) => void = () => {};

  constructor(request: ExecRequest) {
    this.#request = request;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.output = this.#run();
  }

  wait(): Promise<number> {
    return this.#ended;
  }

  resize(size: TerminalSize): Promise<void> {
    this.sizes.push(size);
    return Promise.resolve();
  }

  signal(name: NodeJS.Signals): Promise<void> {
    this.#end(name === "SIGINT" ? 130 : 143);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#end(137);
    this.input.destroy();
    return Promise.resolve();
  }

  async *#run(): AsyncIterable<OutputChunk> {
    const [name, ...args] = this.#request.command;
    if (name === "echo") yield { stream: "stdout", data: Buffer.from(`${args.join(" ")}\n`) };
    if (name === "cat")
      for await (const data of this.input) yield { stream: "stdout", data: data as Buffer };
    if (name === "wait") await this.#ended;
    if (!COMMANDS.includes(name ?? "")) this.#end(127);
    this.#end(name === "exit" ? Number(args[0]) : 0);
  }
}

/** The ways into one task of a FakeRuntime. */
export class FakeReach implements TaskReach {
  readonly #isRunning: () => boolean;
  /** Commands started, the latest last. */
  readonly execs: { readonly request: ExecRequest; readonly session: FakeExec }[] = [];
  cpuNs = 0;

  constructor(isRunning: () => boolean) {
    this.#isRunning = isRunning;
  }

  async exec(request: ExecRequest): Promise<ExecSession> {
    this.#check();
    const session = new FakeExec(request);
    this.execs.push({ request, session });
    return session;
  }

  async top(): Promise<ProcessList> {
    this.#check();
    return { titles: ["PID", "CMD"], processes: [["1", "fake"]] };
  }

  async usage(): Promise<TaskUsage> {
    this.#check();
    this.cpuNs += 1e6;
    return {
      atMs: 0,
      cpuNs: this.cpuNs,
      memoryBytes: 1 << 20,
      memoryLimitBytes: 1 << 30,
      pids: 1,
      networkReceivedBytes: null,
      networkSentBytes: null,
      blockReadBytes: null,
      blockWrittenBytes: null,
    };
  }

  /** Every port of a fake task gives back what it is sent; port 1 refuses. */
  async dial(port: number): Promise<Duplex> {
    this.#check();
    if (port === 1) throw new SwarmError("unavailable", "nothing listens on port 1");
    const echo = new PassThrough();
    return Duplex.from({ readable: Readable.from(echo), writable: echo });
  }

  #check(): void {
    if (!this.#isRunning()) throw new SwarmError("failed-precondition", "the task does not run");
  }
}
