import { onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { Task } from "../../proto/generated.ts";
import {
  NO_ATTRS,
  type LogLine,
  type LogRead,
  type Runtime,
  type RuntimeDescription,
  type TaskController,
  type TaskExit,
  type TaskFacts,
  type TaskFiles,
} from "../../worker/runtime/runtime.ts";
import { FakeReach } from "./task-reach.ts";

export type FakeStep = "prepare" | "start" | "wait" | "shutdown" | "remove";

/** What the fake machine holds of one task. */
interface FakeTask {
  prepared: boolean;
  pid: number;
  starts: number;
  exit: TaskExit | null;
  readonly ended: Bell;
  readonly lines: LogLine[];
  readonly grown: Set<() => void>;
  readonly reach: FakeReach;
}

/** Called before each step; throws to make it fail, waits to make it last. */
export type FakeHook = (
  step: FakeStep,
  taskId: string,
  signal: AbortSignal,
) => Promise<void> | void;

/**
 * A machine that runs tasks in memory only. Outlives the workers that use it, as a real machine's
 * processes do; `finish` ends a task, `hook` makes steps fail or last.
 */
export class FakeRuntime implements Runtime {
  readonly tasks = new Map<string, FakeTask>();
  /** Steps taken so far, `step task`, in order. */
  readonly steps: string[] = [];
  /** Set to change; a worker looks at it from time to time. */
  labels: Readonly<Record<string, string>> = {};
  hook: FakeHook = () => {};
  /** Told of each program that starts. */
  started: (taskId: string) => void = () => {};
  /** The exit status of a task that is stopped. */
  stopStatus: (taskId: string) => number = () => 143;
  /** Called before each adoption; throws to make it fail. */
  adoption: () => void = () => {};
  #pids = 0;

  describe(): Promise<RuntimeDescription> {
    return Promise.resolve({
      runtimes: ["process"],
      engineVersion: "",
      labels: this.labels,
      plugins: [],
      architecture: "x86_64",
      os: "linux",
      resources: make("Resources", { nanoCpus: 2e9, memoryBytes: 2 ** 30 }),
    });
  }

  async adopt(known: ReadonlySet<string>): Promise<void> {
    this.adoption();
    for (const id of this.tasks.keys()) if (!known.has(id)) this.tasks.delete(id);
  }

  controller(task: Task, files: TaskFiles): TaskController {
    const kind = task.spec?.runtime;
    if (kind !== "process" && kind !== "container")
      throw new SwarmError("unimplemented", `no tasks of kind ${kind ?? "none"} here`);
    return new FakeController(this, task, files);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Ids of the tasks that run now. */
  running(): readonly string[] {
    return [...this.tasks].filter(([, task]) => task.pid > 0 && !task.exit).map(([id]) => id);
  }

  /** Ends a running task. */
  finish(taskId: string, code = 0, error = ""): void {
    const task = this.of(taskId);
    task.exit ??= { code, error };
    task.ended.ring();
    for (const wake of task.grown) wake();
  }

  /** Adds a line to a task's log. */
  print(taskId: string, text: string, stream: LogLine["stream"] = "stdout"): void {
    const task = this.of(taskId);
    const timestamp = new Date(task.lines.length).toISOString();
    task.lines.push({ timestamp, stream, data: Buffer.from(text), attrs: NO_ATTRS });
    for (const wake of task.grown) wake();
  }

  /** The task's entry, made when there is none. */
  of(taskId: string): FakeTask {
    const known = this.tasks.get(taskId);
    if (known) return known;
    const made: FakeTask = {
      prepared: false,
      pid: 0,
      starts: 0,
      exit: null,
      ended: new Bell(),
      lines: [],
      grown: new Set(),
      reach: new FakeReach(() => made.pid > 0 && !made.exit),
    };
    this.tasks.set(taskId, made);
    return made;
  }

  nextPid(): number {
    return ++this.#pids;
  }
}

/** Resolves at the log's next line, at the task's end, or when `signal` aborts. */
function growth({ grown }: FakeTask, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      grown.delete(wake);
      release();
      resolve();
    };
    grown.add(wake);
    const release = onAbort(signal, wake);
  });
}

class FakeController implements TaskController {
  readonly #world: FakeRuntime;
  readonly #task: Task;
  readonly #files: TaskFiles;

  constructor(world: FakeRuntime, task: Task, files: TaskFiles) {
    this.#world = world;
    this.#task = task;
    this.#files = files;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#step("prepare", signal);
    const { spec } = this.#task;
    if (spec?.runtime === "process")
      for (const { secretId } of spec.process.secrets) this.#files.secret(secretId);
    this.#world.of(this.#task.id).prepared = true;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#step("start", signal);
    const task = this.#world.of(this.#task.id);
    if (task.pid > 0) return;
    task.pid = this.#world.nextPid();
    task.starts++;
    this.#world.started(this.#task.id);
  }

  async wait(signal: AbortSignal): Promise<TaskExit> {
    await this.#step("wait", signal);
    const task = this.#world.of(this.#task.id);
    const release = onAbort(signal, () => task.ended.ring());
    try {
      while (!task.exit) {
        await task.ended.wait();
        signal.throwIfAborted();
      }
      return task.exit;
    } finally {
      release();
    }
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    await this.#step("shutdown", signal);
    const task = this.#world.tasks.get(this.#task.id);
    if (task && task.pid > 0 && !task.exit)
      this.#world.finish(this.#task.id, this.#world.stopStatus(this.#task.id));
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.#step("remove", signal);
    this.#world.tasks.delete(this.#task.id);
  }

  facts(): Promise<TaskFacts | null> {
    const task = this.#world.tasks.get(this.#task.id);
    if (!task || task.pid === 0) return Promise.resolve(null);
    const exitCode = task.exit?.code ?? 0;
    return Promise.resolve({
      containerId: "",
      pid: task.exit ? 0 : task.pid,
      exitCode,
      ports: [],
      networkNamespace: "",
    });
  }

  async *logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine> {
    const task = this.#world.of(this.#task.id);
    const from = read.tail === null ? 0 : Math.max(0, task.lines.length - read.tail);
    for (let at = from; ; at++) {
      while (at >= task.lines.length) {
        if (!read.follow || task.exit) return;
        await growth(task, signal);
        signal.throwIfAborted();
      }
      const line = task.lines[at];
      if (line && read[line.stream] && Date.parse(line.timestamp) >= read.sinceMs) yield line;
    }
  }

  reach(): FakeReach {
    return this.#world.of(this.#task.id).reach;
  }

  async #step(step: FakeStep, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#world.steps.push(`${step} ${this.#task.id}`);
    await this.#world.hook(step, this.#task.id, signal);
  }
}
