import type {
  Config,
  EngineDescriptionPlugin,
  PortConfig,
  Resources,
  Secret,
  Task,
} from "../../proto/generated.ts";
import type { TaskReach } from "./reach.ts";

/** What a runtime offers; becomes part of the node's description. */
export interface RuntimeDescription {
  /** Names of the runtimes on offer: `docker`, `process`. */
  readonly runtimes: readonly string[];
  /** Version of the engine; empty when none takes part. */
  readonly engineVersion: string;
  /** The engine's own labels, for `engine.labels.*` constraints. */
  readonly labels: Readonly<Record<string, string>>;
  readonly plugins: readonly EngineDescriptionPlugin[];
  /** `x86_64`, `aarch64` …, as Docker names them. */
  readonly architecture: string;
  readonly os: string;
  readonly resources: Resources;
}

/** The secrets, configs and cluster volumes that one task may have. */
export interface TaskFiles {
  /** Throws `unavailable` while the managers have not sent it yet. */
  secret(secretId: string): Secret;
  /** Throws `unavailable` while the managers have not sent it yet. */
  config(configId: string): Config;
  /** Path of a cluster volume that the task was given. Throws `unavailable` while it is not published. */
  volume(volumeId: string): string;
}

/** How a task's main process ended. */
export interface TaskExit {
  /** Exit status; 128 + signal number when a signal ended it. */
  readonly code: number;
  /** Why it counts as a failure whatever its code (unhealthy, out of memory); empty otherwise. */
  readonly error: string;
}

/** What people and other nodes may want to know of a running or finished task. */
export interface TaskFacts {
  /** The runtime's own name of it: container id, or empty for a process. */
  readonly containerId: string;
  /** 0 when it is not running. */
  readonly pid: number;
  readonly exitCode: number;
  /** Host ports as they were really bound. */
  readonly ports: readonly PortConfig[];
  /** File of the network namespace that the task has of its own; empty = the node's. */
  readonly networkNamespace: string;
}

export interface LogRead {
  /** Keep going with what is written later, until the task ends. */
  readonly follow: boolean;
  /** Only the last `tail` lines of what is there; null = all. */
  readonly tail: number | null;
  /** Nothing older than this; milliseconds since the epoch, 0 = from the start. */
  readonly sinceMs: number;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface LogLine {
  /** RFC 3339 with up to nine decimals, as the runtime recorded it. */
  readonly timestamp: string;
  readonly stream: "stdout" | "stderr";
  /** Without its newline. */
  readonly data: Uint8Array;
  /** What the log driver was told to add: labels and variables of the task. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** Of a line to which nothing is added. */
export const NO_ATTRS: LogLine["attrs"] = Object.freeze({});

/**
 * One task in the hands of a runtime. Every step is idempotent and looks at the world first: after a
 * restart of swarmd a new controller of the same task continues where the old one stopped, and
 * never starts a second instance.
 *
 * Errors whose code allows a retry (lib/errors.ts) are temporary: the step is tried again. All
 * others end the task. A step that is aborted leaves nothing half done that the next one would
 * trip over.
 */
export interface TaskController {
  /** Everything that can fail before the task's own program runs: image, mounts, files, container. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Returns when the task runs and, where it has a health check, is healthy. */
  start(signal: AbortSignal): Promise<void>;
  /** Returns when the task has ended, at once if it had. */
  wait(signal: AbortSignal): Promise<TaskExit>;
  /** Stop signal, grace period, kill. Returns when nothing of the task runs; fine if nothing did. */
  shutdown(signal: AbortSignal): Promise<void>;
  /** Shutdown, then drops everything that was kept for the task. */
  remove(signal: AbortSignal): Promise<void>;
  /** What is known of the task now; null before it was started. */
  facts(signal: AbortSignal): Promise<TaskFacts | null>;
  /** Lines in the order they were recorded. Ends quietly when there is nothing more to come. */
  logs(read: LogRead, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Ways into the task while it runs: commands, processes, usage, ports. */
  reach(): TaskReach;
}

/** Something that runs tasks on this node. Nothing in it assumes a container engine. */
export interface Runtime {
  describe(signal: AbortSignal): Promise<RuntimeDescription>;
  /**
   * Called before the first controller, and again when it failed. Finds what earlier runs left behind: tasks in `known`
   * stay as they are and are found again by their controllers; all others of this node are ended
   * and removed.
   */
  adopt(known: ReadonlySet<string>, signal: AbortSignal): Promise<void>;
  /** Throws `failed-precondition` or `invalid` when this node cannot run such a task at all. */
  controller(task: Task, files: TaskFiles): TaskController;
  /** Lets go of files and connections. Tasks keep running. */
  close(): Promise<void>;
}
