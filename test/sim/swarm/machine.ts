import type { SeededRandom } from "../../../lib/random.ts";
import { Bell } from "../../../lib/bell.ts";
import { onAbort } from "../../../lib/abort.ts";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import type { Resources, Task } from "../../../proto/generated.ts";
import type {
  Runtime,
  RuntimeDescription,
  TaskController,
  TaskExit,
  TaskFacts,
  TaskFiles,
} from "../../../worker/runtime/runtime.ts";
import type { Scheduler } from "../scheduler.ts";
import { demand } from "../violation.ts";
import { fateOf, type Fate } from "./fate.ts";

/** What a machine holds of one task. */
interface Body {
  readonly task: Task;
  readonly fate: Fate;
  running: boolean;
  starts: number;
  exit: TaskExit | null;
  readonly ended: Bell;
}

/** What all machines of a run share. */
export interface MachineWorld {
  readonly scheduler: Scheduler;
  /** Once the faults are over everything that is started runs well. */
  readonly isCalm: () => boolean;
  /** Every start and end of a task's program. */
  readonly onChange: () => void;
}

/** The programs that run on a machine. They outlive the agent that started them, as real ones do. */
export class Programs {
  readonly bodies = new Map<string, Body>();
  readonly #name: string;
  readonly #world: MachineWorld;
  readonly #random: SeededRandom;
  resources: Resources;

  constructor(name: string, resources: Resources, random: SeededRandom, world: MachineWorld) {
    this.#name = name;
    this.#world = world;
    this.#random = random;
    this.resources = resources;
  }

  /** Tasks whose programs run now. */
  running(): readonly Task[] {
    const tasks: Task[] = [];
    for (const body of this.bodies.values()) if (body.running) tasks.push(body.task);
    return tasks;
  }

  get isCalm(): boolean {
    return this.#world.isCalm();
  }

  body(task: Task): Body {
    let body = this.bodies.get(task.id);
    if (!body) {
      const fate = fateOf(task, this.#random.split(task.id));
      body = { task, fate, running: false, starts: 0, exit: null, ended: new Bell() };
      this.bodies.set(task.id, body);
    }
    return body;
  }

  start(task: Task): void {
    const body = this.body(task);
    if (body.running) return;
    demand(body.starts === 0, "started-once", () => `${this.#name} starts task ${task.id} twice`);
    body.starts++;
    body.running = true;
    this.#world.onChange();
    const { ends } = body.fate;
    if (!ends || (this.isCalm && !isWork(task))) return;
    const label = [this.#name, "program ends", task.id] as const;
    const exit = this.isCalm ? { code: 0, error: "" } : ends.exit;
    this.#world.scheduler.after(ends.afterMs * 1000, label, () => this.end(body, exit));
  }

  end(body: Body, exit: TaskExit): void {
    if (!body.running) return;
    body.running = false;
    body.exit = exit;
    this.#world.onChange();
    body.ended.ring();
  }

  /** The machine loses power: nothing runs any more. */
  reboot(): void {
    for (const body of this.bodies.values()) this.end(body, { code: 137, error: "" });
    this.#world.onChange();
  }

  /** Nothing is left of the task. */
  forget(taskId: string): void {
    this.bodies.delete(taskId);
  }
}

/** The runtime of one life of an agent. */
export class SimRuntime implements Runtime {
  readonly #programs: Programs;
  readonly #clock: Clock;

  constructor(programs: Programs, clock: Clock) {
    this.#programs = programs;
    this.#clock = clock;
  }

  describe(): Promise<RuntimeDescription> {
    return Promise.resolve({
      runtimes: ["docker"],
      engineVersion: "1",
      labels: {},
      plugins: [],
      architecture: "x86_64",
      os: "linux",
      resources: this.#programs.resources,
    });
  }

  adopt(known: ReadonlySet<string>): Promise<void> {
    for (const [id, body] of this.#programs.bodies) {
      if (known.has(id)) continue;
      this.#programs.end(body, { code: 137, error: "" });
      this.#programs.forget(id);
    }
    return Promise.resolve();
  }

  controller(task: Task, files: TaskFiles): TaskController {
    return new SimController(task, files, this.#programs, this.#clock);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class SimController implements TaskController {
  readonly #task: Task;
  readonly #files: TaskFiles;
  readonly #programs: Programs;
  readonly #clock: Clock;

  constructor(task: Task, files: TaskFiles, programs: Programs, clock: Clock) {
    this.#task = task;
    this.#files = files;
    this.#programs = programs;
    this.#clock = clock;
  }

  get #body(): Body {
    return this.#programs.body(this.#task);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { prepareMs, unpullable } = this.#body.fate;
    await sleep(this.#clock, prepareMs, signal);
    if (unpullable && !this.#programs.isCalm) throw new SwarmError("invalid", "no such image");
    const { spec } = this.#task;
    if (spec?.runtime !== "container") return;
    for (const { secretId } of spec.container.secrets) this.#files.secret(secretId);
    for (const { configId } of spec.container.configs) this.#files.config(configId);
  }

  async start(signal: AbortSignal): Promise<void> {
    const body = this.#body;
    if (body.starts > 0) return;
    const { startMs, hangs, unhealthy } = body.fate;
    await sleep(this.#clock, startMs, signal);
    for (let waits = hangs; waits && !this.#programs.isCalm;)
      await sleep(this.#clock, HANG_LOOK_MS, signal);
    if (unhealthy && !this.#programs.isCalm)
      throw new SwarmError("failed-precondition", "unhealthy container");
    this.#programs.start(this.#task);
  }

  async wait(signal: AbortSignal): Promise<TaskExit> {
    const body = this.#body;
    const release = onAbort(signal, () => body.ended.ring());
    try {
      for (;;) {
        if (body.exit) return body.exit;
        // The machine was restarted since: what ran is gone.
        if (!body.running) return { code: 137, error: "" };
        await body.ended.wait();
        signal.throwIfAborted();
      }
    } finally {
      release();
    }
  }

  async shutdown(signal: AbortSignal): Promise<void> {
    const body = this.#programs.bodies.get(this.#task.id);
    if (!body?.running) return;
    await sleep(this.#clock, body.fate.stopMs, signal);
    this.#programs.end(body, { code: 143, error: "" });
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.shutdown(signal);
    this.#programs.forget(this.#task.id);
  }

  facts(): Promise<TaskFacts | null> {
    const body = this.#programs.bodies.get(this.#task.id);
    if (!body || body.starts === 0) return Promise.resolve(null);
    const exitCode = body.exit?.code ?? 0;
    const pid = body.running ? 1 : 0;
    return Promise.resolve({ containerId: "c", pid, exitCode, ports: [], networkNamespace: "" });
  }

  async *logs(): AsyncIterable<never> {}

  reach(): never {
    throw new SwarmError("unimplemented", "there is no way into simulated tasks");
  }
}

/** Whether the task is of a job, which is to end. */
function isWork({ jobIteration }: Task): boolean {
  return jobIteration !== null;
}

/** How often a start that hangs looks whether the faults are over. */
const HANG_LOOK_MS = 1_000;

/** What a machine has to give. */
export function resourcesOf(cpus: number, gibibytes: number): Resources {
  return make("Resources", { nanoCpus: cpus * 1e9, memoryBytes: gibibytes * 2 ** 30 });
}
