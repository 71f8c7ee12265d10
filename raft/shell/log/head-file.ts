import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { decodeHead, HEAD_BYTES, type LogHead } from "./log-head.ts";

/** Slots are disk pages apart, so that one torn write cannot take both. */
const SLOT_BYTES = 4096;

/**
 * The second copy of the head, in a file with two slots written in turn. Written after journal or
 * database: at any time the file is at most what they hold.
 */
export class HeadFile {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens or creates the file. The second result is the newest head in it, if any is whole. */
  static open(path: string): { readonly file: HeadFile; readonly head: LogHead | undefined } {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const slots = [0, 1].map((slot) => {
      const bytes = new Uint8Array(HEAD_BYTES);
      const count = readSync(fd, bytes, 0, HEAD_BYTES, slot * SLOT_BYTES);
      return count === HEAD_BYTES ? decodeHead(bytes) : undefined;
    });
    const head = slots.reduce((a, b) => ((b?.sequence ?? -1) > (a?.sequence ?? -1) ? b : a));
    return { file: new HeadFile(fd), head };
  }

  /**
   * Writes an encoded head into the slot of its sequence number. A crash of the process keeps it in any
   * case; with `sync` a power cut does too: a new term or vote asks for that, while after plain
   * appends an older anchor only notices less.
   */
  write(sequence: number, head: Uint8Array, sync: boolean): void {
    writeSync(this.#fd, head, 0, head.length, (sequence % 2) * SLOT_BYTES);
    if (sync) fdatasyncSync(this.#fd);
  }

  close(): void {
    fdatasyncSync(this.#fd);
    closeSync(this.#fd);
  }
}

/** Makes names created, renamed or removed in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
