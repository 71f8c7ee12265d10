import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { SwarmError } from "../../../lib/errors.ts";

const run = promisify(execFile);

/** Where a task with a root file system finds the toolbox. */
export const TOOLBOX_DIR = "/dev/.skep";

/** What is needed of this host after it is out of sight. */
const TOOLS = ["/usr/bin/setpriv", "/usr/bin/umount", "/bin/sh"] as const;
export type Tool = "setpriv" | "umount" | "sh";

/** Program and arguments that run `tool` inside a root file system. */
export function toolCommand(tool: Tool): readonly string[] {
  return [`${TOOLBOX_DIR}/ld.so`, "--library-path", TOOLBOX_DIR, `${TOOLBOX_DIR}/${tool}`];
}

/** Paths of a program's shared libraries, as its own loader finds them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const env = { LD_TRACE_LOADED_OBJECTS: "1" };
  const { stdout } = await run(program, [], { env });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
}

/**
 * A directory with copies of the few programs, and their libraries, that finish setting up a task
 * whose root file system is another one: it may have neither a shell nor the same libraries.
 */
export class Toolbox {
  readonly #dir: string;
  #made: Promise<string> | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Path of the directory, made at the first call. Throws `failed-precondition` where the host's
   * programs cannot be used that way.
   */
  open(): Promise<string> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = null;
      throw new SwarmError(
        "failed-precondition",
        "a root file system of its own needs util-linux and glibc on the node",
        { cause: error },
      );
    });
    return this.#made;
  }

  async #make(): Promise<string> {
    const dir = join(this.#dir, version());
    // Tasks of an earlier swarmd have it mounted: it is never changed.
    if (existsSync(dir)) return dir;
    const fresh = `${dir}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o755 });
    for (const tool of TOOLS) {
      copyFileSync(realpathSync(tool), join(fresh, basename(tool)));
      for (const library of await librariesOf(tool)) {
        const name = /^ld-linux|^ld\d*\.so/.test(basename(library)) ? "ld.so" : basename(library);
        copyFileSync(library, join(fresh, name));
      }
    }
    await run(join(fresh, "ld.so"), ["--library-path", fresh, join(fresh, "setpriv"), "--version"]);
    renameSync(fresh, dir);
    return dir;
  }
}

/** Differs after an upgrade of the programs. */
function version(): string {
  const stats = TOOLS.map((tool) => statSync(tool)).map(({ size, mtimeMs }) => [size, mtimeMs]);
  return createHash("sha256").update(JSON.stringify(stats)).digest("hex").slice(0, 16);
}
