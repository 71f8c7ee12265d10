import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { isErrnoException } from "../lib/errno.ts";
import { SwarmError } from "../lib/errors.ts";
import type { HostPort } from "../engine/swarm-node.ts";

/** What a node remembers of its membership. Identity itself is in the certificate. */
export interface SavedMembership {
  readonly version: 1;
  readonly nodeId: string;
  readonly clusterId: string;
  /** Where the control port listens; used while the node is a manager. */
  readonly listen: HostPort;
  /** What others are told to connect to. */
  readonly advertise: HostPort;
  /** Port of the Raft peers; 0 while the node is a worker. */
  readonly raftPort: number;
  /** Managers last heard of, `host:port` each; where to begin after a restart. */
  readonly managers: readonly string[];
}

const MEMBERSHIP_FILE = "node.json";
const LOCK_FILE = "swarmd.pid";
/** All that belongs to a membership. Sockets, logs and whatever else lies there do not. */
const MEMBERSHIP_DIRS = ["certificates", "raft", "runtime", "worker"];
/**
 * Below them, what tasks have written: their local volumes, and cluster volumes that may still be
 * mounted. Nothing of it is deleted, as Docker deletes no volume of a node that leaves.
 */
const DATA_DIRS = ["runtime/processes/volumes", "worker/volumes"];

/** Time of a process's start in clock ticks, which tells it from a later one with its number. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch (error) {
    if (isErrnoException(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** A state directory that this process has to itself. */
export class StateDir {
  readonly path: string;

  private constructor(dir: string) {
    this.path = dir;
  }

  /**
   * Creates the directory where it is missing (0700) and locks it.
   * @throws SwarmError `denied` when it cannot be written, `exists` when another swarmd has it
   */
  static async open(dir: string): Promise<StateDir> {
    const state = new StateDir(path.resolve(dir));
    try {
      await makeDirectories(state.path);
      await state.#lock();
    } catch (error) {
      if (!isErrnoException(error)) throw error;
      const text =
        `state directory ${state.path} cannot be used (${error.code}): ` +
        "check its owner and free space, or choose another with --state-dir";
      throw new SwarmError("denied", text, { cause: error });
    }
    return state;
  }

  /** A directory or file inside. */
  join(...names: string[]): string {
    return path.join(this.path, ...names);
  }

  /** What the node remembers, or undefined when it is in no swarm. */
  async load(): Promise<SavedMembership | undefined> {
    let text: string;
    try {
      text = await fs.readFile(this.join(MEMBERSHIP_FILE), "utf8");
    } catch (error) {
      if (isErrnoException(error, "ENOENT")) return undefined;
      throw error;
    }
    const saved = JSON.parse(text) as SavedMembership;
    if (saved.version !== 1) {
      const text = `${this.join(MEMBERSHIP_FILE)} was written by a newer swarmd: upgrade this one`;
      throw new SwarmError("failed-precondition", text);
    }
    return saved;
  }

  /** Remembers a membership; on disk when the promise resolves. */
  async save(membership: SavedMembership): Promise<void> {
    await writeDurably(this.join(MEMBERSHIP_FILE), `${JSON.stringify(membership, null, 2)}\n`);
  }

  /**
   * Forgets the membership first and then removes everything of it, so that a crash in between
   * leaves a node without a swarm, not half of one. What is not swarmd's stays: the directory may be
   * one that its user has other things in. So do the volumes of tasks.
   */
  async wipe(): Promise<void> {
    await fs.rm(this.join(MEMBERSHIP_FILE), { force: true });
    for (const name of MEMBERSHIP_DIRS) await this.#remove(name);
  }

  async #remove(name: string): Promise<void> {
    if (DATA_DIRS.includes(name)) return removeEmpty(this.join(name));
    if (!DATA_DIRS.some((dir) => dir.startsWith(`${name}/`)))
      return fs.rm(this.join(name), { recursive: true, force: true });
    const inside = existsSync(this.join(name)) ? await fs.readdir(this.join(name)) : [];
    for (const each of inside) await this.#remove(`${name}/${each}`);
    await removeEmpty(this.join(name));
  }

  /** Removes what a manager kept; for a node that is none any more. */
  async removeRaft(): Promise<void> {
    await fs.rm(this.join("raft"), { recursive: true, force: true });
  }

  /** Gives the directory up. */
  async close(): Promise<void> {
    await fs.rm(this.join(LOCK_FILE), { force: true });
  }

  async #lock(): Promise<void> {
    const file = this.join(LOCK_FILE);
    const mine = `${process.pid} ${(await startTime(process.pid)) ?? ""}\n`;
    for (;;) {
      try {
        await fs.writeFile(file, mine, { flag: "wx", mode: 0o600 });
        return;
      } catch (error) {
        if (!isErrnoException(error, "EEXIST")) throw error;
      }
      const [pid = "", started = ""] = (await fs.readFile(file, "utf8")).trim().split(" ");
      if (pid !== "" && (await startTime(Number(pid))) === started) {
        const text = `state directory ${this.path} is in use by another swarmd (pid ${pid})`;
        throw new SwarmError("exists", text);
      }
      await fs.rm(file, { force: true });
    }
  }
}

async function removeEmpty(dir: string): Promise<void> {
  try {
    await fs.rmdir(dir);
  } catch (error) {
    if (!isErrnoException(error, "ENOENT", "ENOTEMPTY", "EBUSY")) throw error;
  }
}

/**
 * Creates a directory and its missing parents, for this user only. Node's own recursive mkdir never
 * returns where a file system refuses new directories with ENOENT, as /proc does.
 */
async function makeDirectories(dir: string): Promise<void> {
  const parent = path.dirname(dir);
  if (parent !== dir && !existsSync(parent)) await makeDirectories(parent);
  try {
    await fs.mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (!isErrnoException(error, "EEXIST")) throw error;
  }
}

/** Replaces a file so that after a crash it has the old content or the new, whole. */
async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await fs.open(temporary, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await fs.rename(temporary, file);
  const dir = await fs.open(path.dirname(file), "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}
