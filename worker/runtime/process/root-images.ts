import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SwarmError } from "../../../lib/errors.ts";

const run = promisify(execFile);

/**
 * Root file systems by the path that a spec gives: a directory is taken as it is, a tar file is
 * unpacked once for all tasks that use it. Neither is ever written to by a task.
 */
export class RootImages {
  readonly #dir: string;
  readonly #unpacking = new Map<string, Promise<string>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Directory with the files of `path`. Throws `not-found` or `invalid` for what is none. */
  async open(path: string): Promise<string> {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) throw new SwarmError("not-found", `no root file system ${path} on this node`);
    if (stat.isDirectory()) return realpathSync(path);
    if (!stat.isFile())
      throw new SwarmError("invalid", `${path} is neither a directory nor a tar file`);
    const image = join(this.#dir, imageName(path, stat));
    if (existsSync(image)) return image;
    const known = this.#unpacking.get(image);
    if (known) return known;
    const unpacked = this.#unpack(path, image).finally(() => this.#unpacking.delete(image));
    this.#unpacking.set(image, unpacked);
    return unpacked;
  }

  /** Deletes unpacked files that are in none of the directories `used`. */
  prune(used: ReadonlySet<string>): void {
    if (!existsSync(this.#dir)) return;
    for (const name of readdirSync(this.#dir)) {
      const image = join(this.#dir, name);
      if (!used.has(image)) rmSync(image, { recursive: true, force: true });
    }
  }

  async #unpack(path: string, image: string): Promise<string> {
    const fresh = `${image}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o755 });
    try {
      // Unpacks what any of the usual programs have compressed; keeps owners, as we are root.
      await run("tar", ["--extract", "--numeric-owner", "--file", path, "--directory", fresh]);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw new SwarmError("invalid", `${path} cannot be unpacked as a tar file`, { cause: error });
    }
    renameSync(fresh, image);
    return image;
  }
}

/** Differs for every version of the file. */
function imageName(path: string, { mtimeMs, size, ino }: Stats): string {
  const text = [realpathSync(path), mtimeMs, size, ino].join(":");
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
