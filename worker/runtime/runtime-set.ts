import { SwarmError } from "../../lib/errors.ts";
import type { Task } from "../../proto/generated.ts";
import type { Runtime, RuntimeDescription, TaskController, TaskFiles } from "./runtime.ts";

/** The runtimes of a node by the kind of task they run. */
export interface RuntimesByKind {
  /** Null: the node has no container engine. */
  readonly container: Runtime | null;
  readonly process: Runtime;
}

/** All runtimes of a node as one: each task goes to the one for its kind. */
export class RuntimeSet implements Runtime {
  readonly #kinds: RuntimesByKind;
  readonly #all: readonly Runtime[];

  constructor(kinds: RuntimesByKind) {
    this.#kinds = kinds;
    this.#all = kinds.container ? [kinds.container, kinds.process] : [kinds.process];
  }

  async describe(signal: AbortSignal): Promise<RuntimeDescription> {
    const all = await Promise.all(this.#all.map((runtime) => runtime.describe(signal)));
    // The engine comes first: its view of the machine is what its users know.
    const [main, ...others] = all as [RuntimeDescription, ...RuntimeDescription[]];
    return {
      ...main,
      runtimes: all.flatMap(({ runtimes }) => runtimes),
      labels: Object.assign({}, ...others.map(({ labels }) => labels), main.labels),
      plugins: all.flatMap(({ plugins }) => plugins),
    };
  }

  async adopt(known: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all.map((runtime) => runtime.adopt(known, signal)));
  }

  controller(task: Task, files: TaskFiles): TaskController {
    return this.#runtimeOf(task).controller(task, files);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((runtime) => runtime.close()));
  }

  #runtimeOf(task: Task): Runtime {
    const kind = task.spec?.runtime;
    if (kind === "process") return this.#kinds.process;
    if (kind !== "container")
      throw new SwarmError("unimplemented", `this node cannot run tasks of kind ${kind ?? "none"}`);
    if (this.#kinds.container) return this.#kinds.container;
    throw new SwarmError(
      "failed-precondition",
      "this node has only the process runtime and cannot run containers: " +
        "start its swarmd with a Docker Engine, or keep the service off this node",
    );
  }
}
