import { createHash } from "node:crypto";
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import { isErrnoException } from "../../lib/errno.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { PayloadFile } from "./task-payload.ts";
import { resolveIdentity, type Identity } from "./identity.ts";

/** A file system in memory, on every Linux. */
const MEMORY_DIR = "/dev/shm";

/** Where the tasks' files of the state directory `dir` go: in memory if possible. */
export function payloadPath(dir: string): string {
  try {
    accessSync(MEMORY_DIR, constants.W_OK);
  } catch {
    return join(dir, "payloads");
  }
  const name = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  return join(MEMORY_DIR, `skep-${process.getuid?.() ?? 0}-${name}`);
}

/** A file of a task as it lies on the host. */
export interface PlacedFile {
  readonly file: PayloadFile;
  readonly path: string;
}

/** Where a task finds its files. */
export interface PayloadPaths {
  readonly secrets: string;
  readonly configs: string;
}

/** A target's place below `root`: absolute targets are taken as relative to it. */
function pathBelow(root: string, target: string): string {
  const path = join(root, normalize(`/${target}`));
  if (path === root || target === "")
    throw new SwarmError("invalid", `"${target}" is no file name for a secret or config`);
  return path;
}

/**
 * The files of tasks, each task's in a directory that only its user can enter. Lies on a
 * memory-backed file system where there is one, so that secrets never reach a disk.
 */
export class PayloadDir {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Ids of the tasks that have files here. */
  tasks(): readonly string[] {
    return existsSync(this.#dir) ? readdirSync(this.#dir) : [];
  }

  /** Directories of the task, whether or not they exist. */
  paths(taskId: string): PayloadPaths {
    const root = join(this.#dir, taskId);
    return { secrets: join(root, "secrets"), configs: join(root, "configs") };
  }

  /**
   * Writes a task's files anew and returns where they are. `owner` is the user that the task runs
   * as; null = this one.
   */
  write(
    taskId: string,
    files: readonly PayloadFile[],
    owner: Identity | null,
  ): readonly PlacedFile[] {
    this.remove(taskId);
    if (files.length === 0) return [];
    const paths = this.paths(taskId);
    this.#makeBase();
    this.#makeDir(join(this.#dir, taskId), owner);
    return files.map((file) => {
      const { kind, target, data } = file;
      const root = kind === "secret" ? paths.secrets : paths.configs;
      const path = pathBelow(root, target.name);
      this.#makeDir(root, owner);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(path, data, { mode: target.mode || 0o444, flag: "wx" });
      if (process.getuid?.() === 0) {
        const { uid, gid } = resolveIdentity(`${target.uid || "0"}:${target.gid || "0"}`);
        chownSync(path, uid, gid);
      }
      return { file, path };
    });
  }

  /** Deletes a task's files; with the last of them the directory itself. */
  remove(taskId: string): void {
    // Most nodes have tasks without any: one look instead of two errors.
    if (!existsSync(this.#dir)) return;
    rmSync(join(this.#dir, taskId), { recursive: true, force: true });
    try {
      rmdirSync(this.#dir);
    } catch (error) {
      if (!isErrnoException(error, "ENOENT", "ENOTEMPTY")) throw error;
    }
  }

  /** Others may pass through to their own directory, but not list it. */
  #makeBase(): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o711 });
    if (statSync(this.#dir).uid !== process.getuid?.())
      throw new SwarmError("denied", `${this.#dir} belongs to another user: remove it`);
  }

  #makeDir(path: string, owner: Identity | null): void {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (owner) chownSync(path, owner.uid, owner.gid);
  }
}
