import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import type { Clock } from "../../../lib/clock.ts";

/** A disk whose syncs take longer, on average, does not hold up the thread. */
const SYNC_SLOW_MS = 8;

/** How much the newest sync counts in the average. */
const SYNC_WEIGHT = 1 / 8;

const syncAside = promisify(fdatasync);

/** The page cache keeps what is written at once in one piece, and small writes then pay for all of it. */
const FILL_BYTES = 4096;

function fill(fd: number, from: number, size: number): void {
  const zeros = new Uint8Array(FILL_BYTES);
  let at = from;
  while (at < size) at += writeSync(fd, zeros, 0, Math.min(FILL_BYTES, size - at), at);
  fdatasyncSync(fd);
}

/**
 * A file of fixed size, filled once, that is written from its start and, when all it has is in
 * the database, from its start again: so a write is one write and one sync of blocks that are
 * there already. It is done in the calling thread, because two hand-overs to another thread cost
 * more than a fast disk; from a slow disk the thread is spared.
 */
export class Journal {
  readonly #fd: number;
  readonly #size: number;
  readonly #clock: Pick<Clock, "monotonic">;
  #at = 0;
  #syncMs = 0;

  private constructor(fd: number, size: number, clock: Pick<Clock, "monotonic">) {
    this.#fd = fd;
    this.#size = size;
    this.#clock = clock;
  }

  /** Opens or creates a journal of `size` bytes. The second result is what is in the file. */
  static open(
    path: string,
    size: number,
    clock: Pick<Clock, "monotonic">,
  ): { readonly journal: Journal; readonly content: Uint8Array } {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const content = new Uint8Array(fstatSync(fd).size);
      const filled = readSync(fd, content, 0, content.length, 0);
      if (filled < size) fill(fd, filled, size);
      return { journal: new Journal(fd, size, clock), content: content.subarray(0, filled) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Whether there is room for so many bytes. */
  fits(bytes: number): boolean {
    return this.#at + bytes <= this.#size;
  }

  /** Resolves when the bytes are on the disk behind those before. */
  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length)
      written += writeSync(this.#fd, bytes, written, bytes.length - written, this.#at + written);
    await this.#sync();
    this.#at += bytes.length;
  }

  /** The next write is the first one: nothing in the file is needed any more. */
  rewind(): void {
    this.#at = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }

  async #sync(): Promise<void> {
    const began = this.#clock.monotonic();
    if (this.#syncMs <= SYNC_SLOW_MS) fdatasyncSync(this.#fd);
    else await syncAside(this.#fd);
    const took = this.#clock.monotonic() - began;
    this.#syncMs += (took - this.#syncMs) * SYNC_WEIGHT;
  }
}
