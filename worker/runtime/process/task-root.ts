import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync } from "node:fs";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";
import type { DeviceNode } from "../devices.ts";
import { fstabLine, type MountEntry } from "./mount-plan.ts";
import { HOSTS, RESOLV_CONF, type NetworkFiles } from "./network-files.ts";
import { pathInRoot } from "./path-in-root.ts";
import { TOOLBOX_DIR } from "./toolbox.ts";

/** Files that a task finds as they are on the node, unless its spec has to say otherwise. */
const NETWORK_FILES = [HOSTS, RESOLV_CONF] as const;
/** Device nodes that every program may expect. */
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"].map((name) => `/dev/${name}`);
/** Any node may be made; terminals and the usual devices may be used. */
const RULES = "b *:* m,c *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,"
  .concat("c 5:1 rwm,c 5:2 rwm,c 136:* rwm")
  .split(",");
/** Parts of /proc that speak of the whole machine: read-only, and hidden. */
const READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `/proc/${name}`);
const HIDDEN = ["kcore", "keys", "timer_list", "sched_debug"].map((name) => `/proc/${name}`);

/** A root file system of a task's own: the files of an image under a layer that it may write to. */
export interface TaskRoot {
  /** Where it is mounted, in the task's own mount namespace only. */
  readonly dir: string;
  /** File with what is mounted before the device nodes are made, as in an fstab. */
  readonly baseTab: string;
  /** File with what is mounted after. */
  readonly tab: string;
  readonly devices: readonly string[];
  /** Devices beyond the usual ones. */
  readonly ownDevices: readonly DeviceNode[];
  /** `c 1:3 rwm`: what the task may use of the node's devices. */
  readonly deviceRules: readonly string[];
}

export interface TaskRootRequest {
  /** Directory of the files below. */
  readonly image: string;
  readonly readOnly: boolean;
  readonly cwd: string;
  readonly mounts: readonly MountEntry[];
  readonly networkFiles: NetworkFiles;
  /** Devices beyond the usual ones. */
  readonly devices: readonly DeviceNode[];
  readonly toolbox: string;
}

/** The layers of tasks, one directory each. */
export class TaskRoots {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where volumes without a name lie. */
  anonymousDir(taskId: string): string {
    return join(this.#dir, taskId, "volumes");
  }

  /** Ids of the tasks that have something here. */
  tasks(): readonly string[] {
    return existsSync(this.#dir) ? readdirSync(this.#dir) : [];
  }

  /** The images that tasks use. */
  images(): ReadonlySet<string> {
    const files = this.tasks().map((id) => join(this.#dir, id, "image"));
    return new Set(
      files.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8")),
    );
  }

  remove(taskId: string): void {
    rmSync(join(this.#dir, taskId), { recursive: true, force: true });
  }

  /** Makes a layer with every directory that something is to be mounted on. */
  make(taskId: string, request: TaskRootRequest): TaskRoot {
    const own = join(this.#dir, taskId);
    const layer = join(own, "layer");
    const dir = join(own, "root");
    const work = join(own, "work");
    const { image, mounts, toolbox, devices } = request;
    if (image === "/" || /[:,\\]/.test(`${image}${own}`))
      throw new SwarmError("invalid", `${image} cannot be a task's root: choose another path`);
    for (const path of [layer, dir, work]) mkdirSync(path, { recursive: true, mode: 0o755 });
    writeFileSync(join(own, "image"), image);
    /** The place of `target` in the layer, made. */
    const place = (target: string, isFile: boolean): string => {
      const path = pathInRoot(image, target).slice(image.length);
      if (!existsSync(join(image, path))) makePoint(join(layer, path), isFile);
      return join(dir, path);
    };
    for (const path of ["/proc", "/sys", "/dev", "/tmp"]) place(path, false);
    if (request.cwd !== "/") place(request.cwd, false);
    for (const path of NETWORK_FILES) {
      const content = request.networkFiles[path];
      if (content === undefined && !existsSync(path)) continue;
      const copy = join(layer, place(path, true).slice(dir.length));
      mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
      if (content === undefined) copyFileSync(path, copy);
      else writeFileSync(copy, content, { mode: 0o644 });
    }
    return {
      dir,
      devices: DEVICES,
      ownDevices: devices,
      deviceRules: [...RULES, ...devices.map(ruleOf)],
      baseTab: this.writeTab(
        taskId,
        "base",
        baseTab(`lowerdir=${image},upperdir=${layer},workdir=${work}`, request, dir),
      ),
      tab: this.writeTab(taskId, "mounts", [
        ...machineTab(dir, toolbox),
        ...mounts.map((mount) => fstabLine(mount, place(mount.target, mount.isFile))),
      ]),
    };
  }

  /** Writes what mount(8) is to read for the task, and returns the file's path. */
  writeTab(taskId: string, name: string, lines: readonly string[]): string {
    return this.#write(taskId, `${name}.tab`, `${lines.join("\n")}\n`, 0o600);
  }

  /** What takes the place of the node's files in a task without a root of its own. */
  networkMounts(taskId: string, files: NetworkFiles): readonly MountEntry[] {
    return Object.entries(files).map(([target, content]) => {
      const source = this.#write(taskId, basename(target), content, 0o644);
      return { source, target, type: "none", options: ["bind"], isFile: true };
    });
  }

  #write(taskId: string, name: string, content: string, mode: number): string {
    const path = join(this.#dir, taskId, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, content, { mode });
    return path;
  }
}

function ruleOf({ host, permissions }: DeviceNode): string {
  const stat = statSync(host);
  const major = ((stat.rdev >> 8) & 0xfff) | 0;
  const minor = (stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00);
  return `${stat.isBlockDevice() ? "b" : "c"} ${major}:${minor} ${permissions}`;
}

function makePoint(path: string, isFile: boolean): void {
  mkdirSync(isFile ? dirname(path) : path, { recursive: true, mode: 0o755 });
  if (!isFile && basename(path) === "tmp") chmodSync(path, 0o1777);
  if (isFile && !existsSync(path)) closeSync(openSync(path, "wx", 0o644));
}

function line(source: string, target: string, type: string, ...options: string[]): string {
  return fstabLine({ source, target, type, options, isFile: false }, target);
}

function baseTab(layers: string, { readOnly }: TaskRootRequest, dir: string): readonly string[] {
  return [
    line("overlay", dir, "overlay", layers, ...(readOnly ? ["ro"] : [])),
    line("proc", join(dir, "proc"), "proc", "nosuid", "nodev", "noexec"),
    line("tmpfs", join(dir, "dev"), "tmpfs", "nosuid", "mode=755", "size=64k"),
  ];
}

function machineTab(dir: string, toolbox: string): readonly string[] {
  const at = (path: string): string => join(dir, path);
  const make = "X-mount.mkdir";
  const quiet = ["nosuid", "noexec"];
  const found = (path: string): boolean => existsSync(path);
  return [
    line("sysfs", at("/sys"), "sysfs", ...quiet, "nodev", "ro"),
    line("devpts", at("/dev/pts"), "devpts", ...quiet, make, "newinstance,ptmxmode=0666,mode=620"),
    line("tmpfs", at("/dev/shm"), "tmpfs", ...quiet, make, "nodev,mode=1777,size=64m"),
    line("mqueue", at("/dev/mqueue"), "mqueue", ...quiet, make, "nodev"),
    line(toolbox, at(TOOLBOX_DIR), "none", "bind", "ro", make),
    ...READ_ONLY.filter(found).map((path) => line(at(path), at(path), "none", "bind", "ro")),
    ...HIDDEN.filter(found).map((path) => line("/dev/null", at(path), "none", "bind")),
  ];
}
