import { codec, make } from "../../../proto/codec.ts";
import type { RaftSnapshotDescription } from "../../../proto/generated.ts";
import type { SnapshotMeta } from "../../core/types.ts";
import { membershipFields, membershipFrom, type Membership } from "../membership.ts";
import { metaFromWire, metaToWire } from "../wire.ts";

/** Names one snapshot of a group: no two differ and share both. */
export interface SnapshotKey {
  readonly index: number;
  readonly term: number;
}

/** Length and SHA-256 of a snapshot's content in clear. */
export interface SnapshotContent {
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** A snapshot under construction. Chunks are written one after the other. */
export interface SnapshotWriter {
  /** Bytes written so far; where a transfer resumes. */
  readonly size: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the content durable under its name, replacing an older one. */
  finish(): Promise<SnapshotContent>;
  /** Throws away what was written. */
  discard(): Promise<void>;
}

/** Where the content of snapshots is kept. */
export interface SnapshotStore {
  create(key: SnapshotKey): Promise<SnapshotWriter>;
  /** The content from `offset` on, in chunks of at most SNAPSHOT_CHUNK_BYTES. */
  read(key: SnapshotKey, offset: number): AsyncIterable<Uint8Array>;
  /** Removes every snapshot but these. */
  prune(keep: readonly SnapshotKey[]): Promise<void>;
}

/** Size of the pieces in which snapshots are stored and sent. */
export const SNAPSHOT_CHUNK_BYTES = 256 * 1024;

/** A finished snapshot with all a member needs to start from it. */
export interface Snapshot {
  readonly meta: SnapshotMeta;
  readonly membership: Membership;
  readonly content: SnapshotContent;
}

/** The form in which a snapshot's description is stored and sent. */
export function describeSnapshot({ meta, membership, content }: Snapshot): RaftSnapshotDescription {
  return make("RaftSnapshotDescription", {
    meta: metaToWire(meta),
    ...membershipFields(membership),
    ...content,
  });
}

/** The reverse of {@link describeSnapshot}. */
export function snapshotFrom(description: RaftSnapshotDescription): Snapshot {
  const meta = metaFromWire(description.meta ?? make("RaftSnapshotMeta"));
  return {
    meta,
    membership: membershipFrom(description, meta.confState),
    content: { size: description.size, sha256: Uint8Array.from(description.sha256) },
  };
}

/** {@link describeSnapshot} as the bytes a log store keeps. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return codec("RaftSnapshotDescription").encode(describeSnapshot(snapshot));
}

/** The reverse of {@link encodeSnapshot}. */
export function decodeSnapshot(data: Uint8Array): Snapshot {
  return snapshotFrom(codec("RaftSnapshotDescription").decode(data));
}
