import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { viewOf } from "../log/binary.ts";
import type { Cipher } from "../keys/cipher.ts";
import { syncDirectory } from "../log/head-file.ts";
import { damaged, storageError } from "../log/storage-error.ts";
import {
  SNAPSHOT_CHUNK_BYTES,
  type SnapshotContent,
  type SnapshotKey,
  type SnapshotStore,
  type SnapshotWriter,
} from "./snapshot-store.ts";

const SUFFIX = ".snapshot";
const PARTIAL_SUFFIX = ".partial";

/** Before each stored block: its stored length u32. */
const BLOCK_HEADER_BYTES = 4;

function nameOf({ index, term }: SnapshotKey): string {
  return `${index}-${term}${SUFFIX}`;
}

/** What a block is sealed together with, so that blocks cannot change places or files. */
function contextOf(key: SnapshotKey, block: number): Uint8Array {
  return new TextEncoder().encode(`snapshot ${key.index} ${key.term} block ${block}`);
}

/** One file a snapshot, a sequence of sealed blocks of SNAPSHOT_CHUNK_BYTES in clear. */
export class FileSnapshotStore implements SnapshotStore {
  readonly #directory: string;
  readonly #cipher: Cipher | null;

  private constructor(directory: string, cipher: Cipher | null) {
    this.#directory = directory;
    this.#cipher = cipher;
  }

  /** Opens or creates the directory; what an interrupted life left unfinished is removed. */
  static async open(directory: string, cipher: Cipher | null = null): Promise<FileSnapshotStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory))
      if (name.endsWith(PARTIAL_SUFFIX)) await rm(join(directory, name), { force: true });
    return new FileSnapshotStore(directory, cipher);
  }

  async create(key: SnapshotKey): Promise<SnapshotWriter> {
    const path = join(this.#directory, nameOf(key));
    return FileSnapshotWriter.open(path, key, this.#directory, this.#cipher);
  }

  async *read(key: SnapshotKey, offset: number): AsyncIterable<Uint8Array> {
    const path = join(this.#directory, nameOf(key));
    const file = await open(path, "r").catch((error: unknown) => {
      throw damaged(this.#directory, `snapshot ${nameOf(key)} cannot be opened`, error);
    });
    try {
      let at = 0;
      for (let block = 0; ; block++) {
        const clear = await this.#readBlock(file, key, block);
        if (!clear) return;
        if (at + clear.length > offset) yield clear.subarray(Math.max(0, offset - at));
        at += clear.length;
      }
    } finally {
      await file.close();
    }
  }

  async prune(keep: readonly SnapshotKey[]): Promise<void> {
    const kept = new Set(keep.map(nameOf));
    for (const name of await readdir(this.#directory))
      if (name.endsWith(SUFFIX) && !kept.has(name))
        await rm(join(this.#directory, name), { force: true });
  }

  async #readBlock(
    file: FileHandle,
    key: SnapshotKey,
    block: number,
  ): Promise<Uint8Array | undefined> {
    const header = new Uint8Array(BLOCK_HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, BLOCK_HEADER_BYTES);
    if (bytesRead === 0) return undefined;
    const length = viewOf(header).getUint32(0);
    if (bytesRead !== BLOCK_HEADER_BYTES || length > 2 * SNAPSHOT_CHUNK_BYTES)
      throw damaged(this.#directory, `block ${block} of snapshot ${nameOf(key)} is malformed`);
    const stored = new Uint8Array(length);
    const read = await file.read(stored, 0, length);
    const clear =
      read.bytesRead !== length
        ? undefined
        : this.#cipher
          ? this.#cipher.open(stored, contextOf(key, block))
          : stored;
    if (!clear)
      throw damaged(this.#directory, `block ${block} of snapshot ${nameOf(key)} is unreadable`);
    return clear;
  }
}

/** Writes beside the final name and renames when everything is durable. */
class FileSnapshotWriter implements SnapshotWriter {
  readonly #path: string;
  readonly #key: SnapshotKey;
  readonly #directory: string;
  readonly #cipher: Cipher | null;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #blocks = 0;
  #size = 0;

  private constructor(
    path: string,
    key: SnapshotKey,
    directory: string,
    modules: { readonly file: FileHandle; readonly cipher: Cipher | null },
  ) {
    this.#path = path;
    this.#key = key;
    this.#directory = directory;
    this.#cipher = modules.cipher;
    this.#file = modules.file;
  }

  static async open(
    path: string,
    key: SnapshotKey,
    directory: string,
    cipher: Cipher | null,
  ): Promise<FileSnapshotWriter> {
    const file = await open(path + PARTIAL_SUFFIX, "w", 0o600).catch((error: unknown) => {
      throw storageError("writing a snapshot in", directory, error);
    });
    return new FileSnapshotWriter(path, key, directory, { file, cipher });
  }

  get size(): number {
    return this.#size;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const room = SNAPSHOT_CHUNK_BYTES - this.#pendingBytes;
      // Copied: the caller may reuse its chunk.
      const part = chunk.slice(at, at + room);
      this.#pending.push(part);
      this.#pendingBytes += part.length;
      at += part.length;
      if (this.#pendingBytes === SNAPSHOT_CHUNK_BYTES) await this.#flush();
    }
  }

  async finish(): Promise<SnapshotContent> {
    if (this.#pendingBytes > 0) await this.#flush();
    try {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#path + PARTIAL_SUFFIX, this.#path);
      syncDirectory(this.#directory);
    } catch (error) {
      throw storageError("writing a snapshot in", this.#directory, error);
    }
    return { size: this.#size, sha256: this.#hash.digest() };
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#path + PARTIAL_SUFFIX, { force: true });
  }

  async #flush(): Promise<void> {
    const clear = Buffer.concat(this.#pending.splice(0));
    this.#pendingBytes = 0;
    const context = contextOf(this.#key, this.#blocks++);
    const stored = this.#cipher ? this.#cipher.seal(clear, context) : clear;
    const header = new Uint8Array(BLOCK_HEADER_BYTES);
    viewOf(header).setUint32(0, stored.length);
    try {
      // Writes all of it or fails; a plain write may come back with less on a disk that fills up.
      await this.#file.appendFile(Buffer.concat([header, stored]));
    } catch (error) {
      throw storageError("writing a snapshot in", this.#directory, error);
    }
  }
}
