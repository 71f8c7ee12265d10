import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";
import type { Task } from "../../../proto/generated.ts";
import { HOST_ACCOUNTS, type AccountFiles } from "../identity.ts";
import type { DeviceNode } from "../devices.ts";
import type { PayloadDir, PlacedFile } from "../payload-dir.ts";
import type { TemplateScope } from "../template.ts";
import { isLimited, toLimits, type Cgroups } from "./cgroups.ts";
import { fstabLine, planMounts, type MountEntry } from "./mount-plan.ts";
import { networkFiles } from "./network-files.ts";
import type { NetworkNamespaces } from "./network-namespaces.ts";
import { pathInRoot } from "./path-in-root.ts";
import { planProcess, privilegesOf, processSpec, type ProcessPlan } from "./process-plan.ts";
import type { RootImages } from "./root-images.ts";
import type { CommandLine, Inside, Sandbox, SandboxPlan } from "./sandbox.ts";
import type { TaskRoot, TaskRootRequest, TaskRoots } from "./task-root.ts";
import type { Toolbox } from "./toolbox.ts";
import type { Volumes } from "./volumes.ts";

const SECRETS_DIR = "/run/secrets";

/** What a sandboxed task is made of. */
export interface SetupModules {
  readonly sandbox: Sandbox;
  /** Null: none that we may write to. */
  readonly cgroups: Cgroups | null;
  readonly volumes: Volumes;
  readonly images: RootImages;
  readonly roots: TaskRoots;
  readonly toolbox: Toolbox;
  readonly networks: NetworkNamespaces;
  readonly payloads: PayloadDir;
  /** Where the node's CDI devices are described. */
  readonly cdiDirs: readonly string[];
}

/** A task, and what its templates may use. */
export interface SetupTask {
  readonly task: Task;
  readonly scope: TemplateScope;
  readonly plan: ProcessPlan;
}

/** Makes what tasks find inside their sandboxes: roots, mounts, limits, networks. */
export class TaskSetup {
  readonly #modules: SetupModules;

  constructor(modules: SetupModules) {
    this.#modules = modules;
  }

  /** Checks and expands the task's spec. */
  of(task: Task, scope: TemplateScope): SetupTask {
    return { task, scope, plan: planProcess(task, scope, this.#modules.cdiDirs) };
  }

  /** The files that names of users and groups are looked up in. Unpacks the root file system. */
  async accounts({ rootFs }: { readonly rootFs: string }): Promise<AccountFiles> {
    if (rootFs === "") return HOST_ACCOUNTS;
    const image = await this.#modules.images.open(rootFs);
    return { passwd: pathInRoot(image, "/etc/passwd"), group: pathInRoot(image, "/etc/group") };
  }

  /**
   * Makes everything that the task needs before its program starts, and says how to start it. May
   * be called again. `files` are its secrets and configs.
   */
  async arrange(
    of: SetupTask,
    files: readonly PlacedFile[],
    marks: Readonly<Record<string, string>>,
  ): Promise<CommandLine> {
    const { task, plan } = of;
    const { networks, sandbox } = this.#modules;
    const spec = processSpec(task);
    if (spec.readOnly && spec.rootFs === "")
      throw new SwarmError(
        "invalid",
        "a read-only root needs a root file system of the process's own (label skep.root-fs)",
      );
    const image = spec.rootFs === "" ? "" : await this.#modules.images.open(spec.rootFs);
    const mounts: MountEntry[] = [
      ...(image === "" ? [] : plan.deviceMounts),
      ...(await this.#mounts(of, image)),
      ...this.#fileMounts(of, files, image),
    ];
    if (image === "") refuseMovedDevices(plan.devices);
    const own = networkFiles(spec, readIfThere);
    if (image === "") mounts.push(...this.#modules.roots.networkMounts(task.id, own));
    const root = image === "" ? null : await this.#root(of, { image, mounts, networkFiles: own });
    const sandboxPlan: SandboxPlan = {
      hostname: plan.hostname,
      cgroups: this.#limit(task, root),
      sysctls: plan.sysctls,
      tab: root || mounts.length === 0 ? "" : this.#hostTab(task.id, mounts),
      root,
      network: plan.ownNetwork ? await networks.open(task.id) : "",
      ulimits: plan.ulimits,
    };
    return sandbox.start(sandboxPlan, await this.inside(of), marks);
  }

  /** How a program is started among the task's own. */
  async inside({ task, plan }: SetupTask, command = plan.command): Promise<Inside> {
    const spec = processSpec(task);
    const privileges = privilegesOf(spec, await this.accounts(spec), this.#forbidden(spec));
    return {
      command,
      env: { ...plan.env, ...this.fileEnv(task) },
      cwd: plan.cwd,
      privileges,
      hasRoot: spec.rootFs !== "",
    };
  }

  /** Variables that tell where secrets and configs are. */
  fileEnv(task: Task): Readonly<Record<string, string>> {
    const { secrets, configs, rootFs } = processSpec(task);
    const paths = this.#modules.payloads.paths(task.id);
    return {
      ...(secrets.length > 0 && { SKEP_SECRETS_DIR: SECRETS_DIR }),
      ...(configs.length > 0 && { SKEP_CONFIGS_DIR: rootFs === "" ? paths.configs : "/" }),
    };
  }

  /** Runs another program in the running task whose first process is `init`. */
  async enter(of: SetupTask, init: number, command: readonly string[]): Promise<CommandLine> {
    const { cgroups, sandbox } = this.#modules;
    const joined = cgroups?.joinFiles(of.task.id) ?? [];
    return sandbox.enter(init, joined, await this.inside(of, command));
  }

  /** File of the task's network namespace; empty for the node's. */
  network(taskId: string): string {
    return this.#modules.networks.path(taskId);
  }

  oomKills(taskId: string): number {
    return this.#modules.cgroups?.oomKills(taskId) ?? 0;
  }

  /** Ids of the tasks that something was made for. */
  tasks(): readonly string[] {
    const { cgroups, roots, networks } = this.#modules;
    return [...new Set([...(cgroups?.tasks() ?? []), ...roots.tasks(), ...networks.tasks()])];
  }

  /** Drops everything that was made for an ended task. Throws `unavailable` while some of it runs. */
  async remove(taskId: string): Promise<void> {
    const { cgroups, roots, networks } = this.#modules;
    cgroups?.remove(taskId);
    await networks.remove(taskId);
    roots.remove(taskId);
  }

  /** Deletes unpacked root file systems that no task uses. */
  prune(): void {
    this.#modules.images.prune(this.#modules.roots.images());
  }

  /** Where no control group keeps a task to its devices, it must not make nodes of others. */
  #forbidden({ rootFs }: { readonly rootFs: string }): readonly string[] {
    return rootFs !== "" && this.#modules.cgroups?.version !== "v1" ? ["mknod"] : [];
  }

  #hostTab(taskId: string, mounts: readonly MountEntry[]): string {
    const lines = mounts.map((mount) => hostLine(mount));
    return this.#modules.roots.writeTab(taskId, "mounts", lines);
  }

  #limit(task: Task, root: TaskRoot | null): readonly string[] {
    const { cgroups } = this.#modules;
    const limits = toLimits(task.spec?.resources ?? null, root ? root.deviceRules : null);
    if (cgroups) return isLimited(limits) ? cgroups.create(task.id, limits) : [];
    if (!isLimited({ ...limits, devices: null })) return [];
    throw new SwarmError(
      "failed-precondition",
      "this node has no control groups that swarmd may write to: limits cannot be kept. Mount " +
        "/sys/fs/cgroup for writing",
    );
  }

  #mounts({ task, scope }: SetupTask, image: string): Promise<readonly MountEntry[]> {
    const { volumes, roots } = this.#modules;
    const contentAt = (target: string): string | null => {
      const path = image === "" ? "" : pathInRoot(image, target);
      return path !== "" && existsSync(path) ? path : null;
    };
    const anonymousDir = roots.anonymousDir(task.id);
    return planMounts(processSpec(task).mounts, { volumes, scope, anonymousDir, contentAt });
  }

  /** With a root of its own a task finds its files where a container would. */
  #fileMounts(
    { task }: SetupTask,
    files: readonly PlacedFile[],
    image: string,
  ): readonly MountEntry[] {
    const bind = { type: "none", options: ["bind", "ro"] };
    if (image !== "")
      return files.map(({ file, path }) => {
        const base = file.kind === "secret" ? SECRETS_DIR : "/";
        const target = posix.resolve(base, file.target.name);
        return { ...bind, source: path, target, isFile: true };
      });
    if (!files.some(({ file }) => file.kind === "secret")) return [];
    mkdirSync(SECRETS_DIR, { recursive: true, mode: 0o755 });
    const source = this.#modules.payloads.paths(task.id).secrets;
    return [{ ...bind, source, target: SECRETS_DIR, isFile: false }];
  }

  async #root(
    { task, plan }: SetupTask,
    files: Pick<TaskRootRequest, "image" | "mounts" | "networkFiles">,
  ): Promise<TaskRoot> {
    const toolbox = await this.#modules.toolbox.open();
    const { readOnly } = processSpec(task);
    const request = { ...files, readOnly, cwd: plan.cwd, devices: plan.devices, toolbox };
    return this.#modules.roots.make(task.id, request);
  }
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A mount among the node's own files. */
function hostLine(mount: MountEntry): string {
  if (existsSync(mount.target)) return fstabLine(mount, mount.target);
  throw new SwarmError(
    "invalid",
    `mount target ${mount.target} does not exist on this node: make it, or give the process a ` +
      "root file system of its own (label skep.root-fs)",
  );
}

/** Among the node's own files a task finds the node's devices, and none by another name. */
function refuseMovedDevices(devices: readonly DeviceNode[]): void {
  const moved = devices.find(({ host, target }) => host !== target);
  if (moved)
    throw new SwarmError(
      "invalid",
      `device ${moved.host} can be ${moved.target} only in a root file system of the process's own`,
    );
}
