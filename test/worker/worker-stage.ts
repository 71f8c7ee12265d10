import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled } from "../../lib/abort.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import type { TaskState } from "../../proto/generated.ts";
import type { Worker, WorkerModules, WorkerOptions } from "../../worker/worker.ts";
import { FakeDispatcher } from "../fakes/dispatcher.ts";
import { FakeRuntime } from "../fakes/runtime.ts";
import { eventually } from "./runtime/wait.ts";

const OPTIONS = {
  caller: { nodeId: "node1", role: "worker", clusterId: "cluster1", addr: "" },
  hostname: "host-a",
  labels: { zone: "a" },
  genericResources: [],
  devices: [],
  cdiDirs: [],
  version: "0.1.0",
  managers: ["m1:2377", "m2:2377"],
} as const;

/** Makes the worker that a suite is about. */
export type OpenWorker = (options: WorkerOptions, modules: WorkerModules) => Promise<Worker>;

/** A worker between a fake leader and a fake machine, with a directory of its own. */
export class WorkerStage {
  readonly leader = new FakeDispatcher();
  readonly machine = new FakeRuntime();
  readonly dir: string;
  readonly #open: OpenWorker;
  #worker: Worker | undefined;
  #scope = new Scope(new AbortController().signal);

  private constructor(dir: string, open: OpenWorker) {
    this.dir = dir;
    this.#open = open;
  }

  static async make(open: OpenWorker): Promise<WorkerStage> {
    const stage = new WorkerStage(await mkdtemp(join(tmpdir(), "skep-worker-")), open);
    await stage.open();
    return stage;
  }

  /** Starts the worker, on what an earlier one has left. */
  async open(): Promise<void> {
    const worker = await this.#open(
      { ...OPTIONS, dir: this.dir },
      {
        clock: systemClock,
        random: new SeededRandom("worker"),
        log: silentLog,
        runtime: this.machine,
        connect: (addr) => this.leader.connect(addr),
        tlsInfo: () => null,
        onSession: () => {},
      },
    );
    this.#worker = worker;
    this.#scope = new Scope(new AbortController().signal);
    this.#scope.run((signal) => worker.run(signal));
  }

  /** Ends the worker; its tasks run on. */
  async stop(): Promise<void> {
    await this.#scope.close(cancelled("test over"));
    await this.#worker?.close();
  }

  /** Ends the worker and removes its tasks, as a node that leaves does. */
  async leave(): Promise<void> {
    await this.#scope.close(cancelled("leaving"));
    await this.#worker?.clear(new AbortController().signal);
  }

  /** Resolves when the leader has been told that the task is in `state`. */
  reaches(taskId: string, state: TaskState): Promise<void> {
    return eventually(() => this.leader.state(taskId) === state);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true });
  }
}
