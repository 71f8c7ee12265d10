import { execFile } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, SwarmError } from "../../../lib/errors.ts";

const run = promisify(execFile);
/** `ip` of iproute2 brings the loopback interface up. */
const ENTER = ["ip", "link", "set", "lo", "up"];

/**
 * Network namespaces of tasks, each kept by a file that it is mounted on: so it is there before the
 * task's first process, for whoever is to connect it, and goes when it is told to.
 */
export class NetworkNamespaces {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * File of the task's namespace, which is made if missing, with its loopback interface up and
   * nothing else. Throws `failed-precondition` where iproute2 is missing.
   */
  async open(taskId: string): Promise<string> {
    const path = join(this.#dir, taskId);
    if (this.path(taskId) !== "") return path;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "w", 0o600));
    try {
      await run("unshare", [`--net=${path}`, "--", ...ENTER]);
    } catch (error) {
      await this.remove(taskId);
      throw new SwarmError(
        "failed-precondition",
        `a network namespace could not be made (util-linux and iproute2 are needed): ${messageOf(error)}`,
        { cause: error },
      );
    }
    return path;
  }

  /** File of the task's namespace; empty when it has none. */
  path(taskId: string): string {
    const path = join(this.#dir, taskId);
    const stat = statSync(path, { throwIfNoEntry: false });
    // Another file system's: the namespace is mounted. After a boot only the file is left.
    return stat && stat.dev !== statSync(this.#dir).dev ? path : "";
  }

  /** Ids of the tasks that have a namespace, or had one before a boot. */
  tasks(): readonly string[] {
    return existsSync(this.#dir) ? readdirSync(this.#dir) : [];
  }

  /** Lets go of the namespace: the kernel drops it with the last process in it. */
  async remove(taskId: string): Promise<void> {
    const path = join(this.#dir, taskId);
    if (this.path(taskId) !== "") await run("umount", ["--lazy", path]);
    rmSync(path, { force: true });
  }
}
