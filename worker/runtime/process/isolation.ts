import { make } from "../../../proto/codec.ts";
import type { Task } from "../../../proto/generated.ts";
import { placeClusterMounts } from "../cluster-mounts.ts";
import type { PayloadDir, PlacedFile } from "../payload-dir.ts";
import type { TaskFiles } from "../runtime.ts";
import { taskPayload } from "../task-payload.ts";
import type { TemplateScope } from "../template.ts";
import { planProcess, processSpec, type ProcessPlan } from "./process-plan.ts";
import { identityOf, refuseOtherUser, refuseWithoutSandbox } from "./process-plan.ts";
import { plainEnter, plainStart } from "./launch.ts";
import { memoryUlimit } from "./ulimits.ts";
import type { CommandLine } from "./sandbox.ts";
import type { TaskSetup } from "./task-setup.ts";

/** How far this node sets the processes of tasks apart from itself, and from each other. */
export interface Isolation {
  /** Engine labels that tell people and constraints. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a process of a task can leave it, as no pid namespace holds it. */
  readonly mayEscape: boolean;
  /** Everything that can fail before the program starts. Throws what makes the task impossible. */
  prepare(task: Task, scope: TemplateScope, files: TaskFiles): Promise<void>;
  /** How to start the task's program; `marks` are variables that tell whose it is. */
  start(
    task: Task,
    scope: TemplateScope,
    files: TaskFiles,
    marks: Readonly<Record<string, string>>,
  ): Promise<CommandLine>;
  /** How to run `command` in the running task; `init` is the first process of its namespace. */
  enter(
    task: Task,
    scope: TemplateScope,
    init: number,
    command: readonly string[],
  ): Promise<CommandLine>;
  /** How many processes of the task the kernel ended for lack of memory. */
  oomKills(taskId: string): number;
  /** File of the task's own network namespace; empty for the node's. */
  network(taskId: string): string;
  /** Ids of the tasks that something was made for. */
  tasks(): readonly string[];
  /** Drops everything that was made for an ended task. */
  remove(taskId: string): Promise<void>;
  /** Drops what no task uses any more. */
  prune(): void;
}

/** Label that tells whether tasks have namespaces: `namespaces` or `none`. */
const ISOLATION_LABEL = "skep.process.isolation";
/** Label that tells what keeps limits: `cgroup-v1`, `cgroup-v2`, `rlimits` or `none`. */
const LIMITS_LABEL = "skep.process.limits";

/** The task with its cluster volumes where they are on this node. */
function withVolumes(task: Task, files: TaskFiles): Task {
  const process = processSpec(task);
  const mounts = placeClusterMounts(process.mounts, task, files);
  const spec = make("TaskSpec", {
    ...task.spec,
    runtime: "process",
    process: { ...process, mounts },
  });
  return { ...task, spec };
}

/** Tasks in sandboxes, for a swarmd that is root. */
export class SandboxIsolation implements Isolation {
  readonly labels: Readonly<Record<string, string>>;
  readonly mayEscape = false;
  readonly #setup: TaskSetup;
  readonly #payloads: PayloadDir;

  constructor(setup: TaskSetup, payloads: PayloadDir, limits: string) {
    this.#setup = setup;
    this.#payloads = payloads;
    this.labels = { [ISOLATION_LABEL]: "namespaces", [LIMITS_LABEL]: limits };
  }

  async prepare(task: Task, scope: TemplateScope, files: TaskFiles): Promise<void> {
    const setup = this.#setup.of(withVolumes(task, files), scope);
    await this.#setup.arrange(setup, await this.#write(task, scope, setup.plan, files), {});
  }

  async start(
    task: Task,
    scope: TemplateScope,
    files: TaskFiles,
    marks: Readonly<Record<string, string>>,
  ): Promise<CommandLine> {
    const setup = this.#setup.of(withVolumes(task, files), scope);
    const placed = await this.#write(task, scope, setup.plan, files);
    return this.#setup.arrange(setup, placed, marks);
  }

  enter(
    task: Task,
    scope: TemplateScope,
    init: number,
    command: readonly string[],
  ): Promise<CommandLine> {
    return this.#setup.enter(this.#setup.of(task, scope), init, command);
  }

  oomKills(taskId: string): number {
    return this.#setup.oomKills(taskId);
  }

  network(taskId: string): string {
    return this.#setup.network(taskId);
  }

  tasks(): readonly string[] {
    return [...new Set([...this.#setup.tasks(), ...this.#payloads.tasks()])];
  }

  async remove(taskId: string): Promise<void> {
    await this.#setup.remove(taskId);
    this.#payloads.remove(taskId);
  }

  prune(): void {
    this.#setup.prune();
  }

  async #write(
    task: Task,
    scope: TemplateScope,
    plan: ProcessPlan,
    files: TaskFiles,
  ): Promise<readonly PlacedFile[]> {
    const spec = processSpec(task);
    const { secrets, configs } = spec;
    if (secrets.length + configs.length === 0) return [];
    const payload = taskPayload({ secrets, configs, scope, env: plan.env }, files);
    const owner = identityOf(spec, await this.#setup.accounts(spec));
    return this.#payloads.write(task.id, payload, owner);
  }
}

/** Tasks as plain child processes in process groups of their own, with what rlimits allow. */
export class PlainIsolation implements Isolation {
  readonly labels = { [ISOLATION_LABEL]: "none", [LIMITS_LABEL]: "rlimits" };
  readonly mayEscape = true;
  readonly #payloads: PayloadDir;
  readonly #refusal: string;
  readonly #cdiDirs: readonly string[];

  /** `refusal` says why there is no sandbox; `cdiDirs` where the node's CDI devices are described. */
  constructor(payloads: PayloadDir, refusal: string, cdiDirs: readonly string[]) {
    this.#payloads = payloads;
    this.#refusal = refusal;
    this.#cdiDirs = cdiDirs;
  }

  async prepare(task: Task, scope: TemplateScope, files: TaskFiles): Promise<void> {
    refuseWithoutSandbox(task, this.#refusal);
    refuseOtherUser(processSpec(task).user);
    this.#write(task, scope, files);
  }

  async start(
    task: Task,
    scope: TemplateScope,
    files: TaskFiles,
    marks: Readonly<Record<string, string>>,
  ): Promise<CommandLine> {
    await this.prepare(task, scope, files);
    const plan = planProcess(task, scope, this.#cdiDirs);
    const memory = memoryUlimit(task.spec?.resources?.limits?.memoryBytes ?? 0);
    const ulimits = [...memory, ...plan.ulimits];
    return plainStart({ ...plan, env: { ...plan.env, ...this.#fileEnv(task) }, ulimits }, marks);
  }

  async enter(
    task: Task,
    scope: TemplateScope,
    _init: number,
    command: readonly string[],
  ): Promise<CommandLine> {
    const plan = planProcess(task, scope, this.#cdiDirs);
    return plainEnter({ ...plan, env: { ...plan.env, ...this.#fileEnv(task) }, command });
  }

  oomKills(): number {
    return 0;
  }

  network(): string {
    return "";
  }

  tasks(): readonly string[] {
    return this.#payloads.tasks();
  }

  async remove(taskId: string): Promise<void> {
    this.#payloads.remove(taskId);
  }

  prune(): void {}

  #write(task: Task, scope: TemplateScope, files: TaskFiles): void {
    const { secrets, configs } = processSpec(task);
    const { env } = planProcess(task, scope, this.#cdiDirs);
    if (secrets.length + configs.length === 0) return;
    const payload = taskPayload({ secrets, configs, scope, env }, files);
    this.#payloads.write(task.id, payload, null);
  }

  #fileEnv(task: Task): Readonly<Record<string, string>> {
    const { secrets, configs } = processSpec(task);
    const paths = this.#payloads.paths(task.id);
    return {
      ...(secrets.length > 0 && { SKEP_SECRETS_DIR: paths.secrets }),
      ...(configs.length > 0 && { SKEP_CONFIGS_DIR: paths.configs }),
    };
  }
}
