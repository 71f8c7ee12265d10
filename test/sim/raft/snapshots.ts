import { createHash } from "node:crypto";
import { SwarmError } from "../../../lib/errors.ts";
import type {
  SnapshotContent,
  SnapshotKey,
  SnapshotStore,
  SnapshotWriter,
} from "../../../raft/shell/snapshots/snapshot-store.ts";
import type { Lane } from "./lane.ts";

/** Pieces in which snapshots are read; small, so that transfers take several steps. */
const CHUNK_BYTES = 512;

/** The durable contents of a machine's snapshots. */
export class SimSnapshots {
  readonly contents = new Map<string, Uint8Array>();

  /** The store as one life of the process sees it: writes take time and may be cut off. */
  open(lane: Lane, latency: () => number): SnapshotStore {
    const { contents } = this;
    return {
      create: (key) => Promise.resolve(writer(contents, key, lane, latency)),
      async *read(key: SnapshotKey, offset: number) {
        const content = contents.get(nameOf(key));
        if (!content) throw new SwarmError("not-found", `there is no snapshot ${nameOf(key)}`);
        for (let at = offset; at < content.length; at += CHUNK_BYTES)
          yield await Promise.resolve(content.subarray(at, at + CHUNK_BYTES));
      },
      prune(keep) {
        const kept = new Set(keep.map(nameOf));
        for (const name of contents.keys()) if (!kept.has(name)) contents.delete(name);
        return Promise.resolve();
      },
    };
  }
}

function writer(
  contents: Map<string, Uint8Array>,
  key: SnapshotKey,
  lane: Lane,
  latency: () => number,
): SnapshotWriter {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    write(chunk) {
      chunks.push(Uint8Array.from(chunk));
      size += chunk.length;
      return Promise.resolve();
    },
    async finish(): Promise<SnapshotContent> {
      await lane.sleep(latency(), "snapshot written");
      const content = Buffer.concat(chunks);
      contents.set(nameOf(key), content);
      return { size, sha256: createHash("sha256").update(content).digest() };
    },
    discard: () => Promise.resolve(),
  };
}

function nameOf({ index, term }: SnapshotKey): string {
  return `${index}-${term}`;
}
