import { appendFile, chmod, open, rename, rm, stat } from "node:fs/promises";
import { isErrnoException } from "../../lib/errno.ts";
import { SwarmError } from "../../lib/errors.ts";
import { SerialQueue } from "../../lib/serial-queue.ts";

/** @default of {@link AuditLogOptions.fileBytesMax} */
const FILE_BYTES_MAX = 4 << 20;
/** Files kept beside the current one; older ones are deleted. */
const OLD_FILES_MAX = 4;
/** Entries that may wait for the disk. */
const WAITING_ENTRIES_MAX = 1024;
/** Most characters of a command that are kept. */
const COMMAND_CHARS_MAX = 1024;

/** One line of the audit log. Never holds data that was sent, nor values of the environment. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly time: string;
  /** Of the session; its begin and its end have the same. */
  readonly id: string;
  readonly event: "begin" | "end";
  readonly action: "exec" | "top" | "stats" | "port-forward";
  /** Node id of the manager that was asked; its certificate proves it. */
  readonly manager: string;
  /** Who asked, as the client itself says; nobody has checked it. */
  readonly client: string;
  readonly tasks: readonly string[];
  readonly services: readonly string[];
  readonly node: string;
  /** The command of an exec, cut at 1,024 characters. */
  readonly command?: string;
  /** Names of the variables that were added to the command's environment. */
  readonly env?: readonly string[];
  readonly user?: string;
  readonly port?: number;
  /** Of an exec that ended by itself. */
  readonly exitCode?: number;
  /** Why it ended otherwise; absent when it ended well. */
  readonly error?: string;
}

export interface AuditLogOptions {
  /** The current file; older ones lie beside it. */
  readonly path: string;
  /** A file that has grown to this many bytes makes room for a new one. @default 4 MiB */
  readonly fileBytesMax?: number;
}

/** A command as one line, cut where it gets long. */
export function auditCommand(command: readonly string[]): string {
  return command.join(" ").slice(0, COMMAND_CHARS_MAX);
}

/**
 * Who reached into which task, one JSON object a line, in a file that only swarmd's user can read.
 * Bounded: a full `audit.log` becomes `audit.1.log`, that one `audit.2.log` and so on, the
 * last one is deleted.
 */
export class AuditLog {
  readonly #path: string;
  readonly #fileBytesMax: number;
  readonly #writes = new SerialQueue({ what: "audit entries", max: WAITING_ENTRIES_MAX });
  #bytes: number | null = null;

  constructor({ path, fileBytesMax = FILE_BYTES_MAX }: AuditLogOptions) {
    this.#path = path;
    this.#fileBytesMax = fileBytesMax;
  }

  /**
   * Resolves when the entry is in the file.
   * @throws SwarmError `unavailable` or `exhausted`: what cannot be recorded must not be done
   */
  record(entry: AuditEntry): Promise<void> {
    return this.#writes.run(() => this.#append(`${JSON.stringify(entry)}\n`));
  }

  async #append(line: string): Promise<void> {
    try {
      this.#bytes ??= await sizeOf(this.#path);
      if (this.#bytes > 0 && this.#bytes + line.length > this.#fileBytesMax) await this.#rotate();
      if (this.#bytes === 0) await this.#create();
      await appendFile(this.#path, line, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(line);
    } catch (error) {
      this.#bytes = null;
      const text = "the audit log cannot be written, so nothing is done that belongs into it";
      throw new SwarmError("unavailable", text, { cause: error });
    }
  }

  /** A file that was there before may be open to others. */
  async #create(): Promise<void> {
    const file = await open(this.#path, "a", 0o600);
    await file.close();
    await chmod(this.#path, 0o600);
  }

  async #rotate(): Promise<void> {
    await rm(this.#old(OLD_FILES_MAX), { force: true });
    for (let n = OLD_FILES_MAX - 1; n >= 0; n--)
      await renameIfThere(this.#old(n), this.#old(n + 1));
    this.#bytes = 0;
  }

  #old(n: number): string {
    return n === 0 ? this.#path : this.#path.replace(/(?=\.[^./]+$)/, `.${n}`);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return 0;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isErrnoException(error, "ENOENT")) throw error;
  }
}
