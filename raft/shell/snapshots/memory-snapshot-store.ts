import { createHash } from "node:crypto";
import { SwarmError } from "../../../lib/errors.ts";
import {
  SNAPSHOT_CHUNK_BYTES,
  type SnapshotKey,
  type SnapshotStore,
  type SnapshotWriter,
} from "./snapshot-store.ts";

function nameOf({ index, term }: SnapshotKey): string {
  return `${index}-${term}`;
}

/** Snapshots in memory, for tests and simulations. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly #contents = new Map<string, Uint8Array>();

  create(key: SnapshotKey): Promise<SnapshotWriter> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    return Promise.resolve({
      get size() {
        return size;
      },
      write: (chunk) => {
        chunks.push(Uint8Array.from(chunk));
        size += chunk.length;
        return Promise.resolve();
      },
      finish: () => {
        const content = Buffer.concat(chunks);
        this.#contents.set(nameOf(key), content);
        return Promise.resolve({ size, sha256: createHash("sha256").update(content).digest() });
      },
      discard: () => Promise.resolve(),
    });
  }

  async *read(key: SnapshotKey, offset: number): AsyncIterable<Uint8Array> {
    const content = this.#contents.get(nameOf(key));
    if (!content) throw new SwarmError("not-found", `there is no snapshot ${nameOf(key)}`);
    for (let at = offset; at < content.length; at += SNAPSHOT_CHUNK_BYTES)
      yield await Promise.resolve(content.subarray(at, at + SNAPSHOT_CHUNK_BYTES));
  }

  prune(keep: readonly SnapshotKey[]): Promise<void> {
    const kept = new Set(keep.map(nameOf));
    for (const name of this.#contents.keys()) if (!kept.has(name)) this.#contents.delete(name);
    return Promise.resolve();
  }
}
