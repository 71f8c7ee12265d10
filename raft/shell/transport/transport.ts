import type { Message } from "../../core/message.ts";
import type { TlsMaterial } from "../../../proto/node-tls.ts";
import type { MemberRecord } from "../membership.ts";
import type { Snapshot } from "../snapshots/snapshot-store.ts";

/** What a transport tells its node. Called from the event loop, never re-entrantly. */
export interface TransportEvents {
  /** Messages from a member; each names it as its sender. */
  onMessages(from: number, messages: readonly Message[]): void;
  /** The way to `id` broke: what was sent lately may be lost. Once per break. */
  onUnreachable(id: number): void;
  onReachable(id: number): void;
  /** A member introduced itself; its address may be news. */
  onHello(peer: MemberRecord): void;
  /** A connection of `id` was reset: its process has most likely ended. */
  onReset(id: number): void;
  /** A peer says that this node is no longer a member. */
  onRemoved(): void;
  /** The node that member `id` runs on; undefined while this node does not know the member. */
  nodeIdOf(id: number): string | undefined;
  /** The last entry that member `id` has acknowledged to this node as its leader; 0 = none. */
  acknowledgedBy(id: number): number;
  /** Whether `id` was taken out of the group, as far as this node has applied. */
  isRemoved(id: number): boolean;
  /**
   * A member offers a snapshot. Returns where to resume (bytes that arrived before) and takes
   * the rest; `receive` resolves when it is durable and was handed to the core.
   */
  onSnapshot(message: Message, snapshot: Snapshot): Promise<SnapshotIntake>;
}

/** The receiving end of one snapshot transfer. */
export interface SnapshotIntake {
  readonly offset: number;
  receive(chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** The sending end of one snapshot transfer. */
export interface SnapshotSource {
  readonly message: Message;
  readonly snapshot: Snapshot;
  /** The content from `offset` on. */
  read(offset: number): AsyncIterable<Uint8Array>;
}

/**
 * Moves messages between members: mutually authenticated, bound to one life of either side,
 * bounded in memory. Messages may be lost or reordered, never changed or forged.
 */
export interface Transport {
  /** Bound address, `host:port`. */
  readonly addr: string;
  /** Starts delivering. */
  start(events: TransportEvents): void;
  /** Who there is to talk to, this node itself left out. Links to others are closed. */
  setPeers(peers: readonly MemberRecord[]): void;
  /** Queues messages for `to`; never blocks. Without a link they are lost. */
  send(to: number, messages: readonly Message[]): void;
  /** Resolves when the peer has the whole snapshot, durable. */
  sendSnapshot(to: number, source: SnapshotSource, signal: AbortSignal): Promise<void>;
  /** Tells a member that was taken out, if it can be reached. */
  tellRemoved(peer: MemberRecord): void;
  isReachable(id: number): boolean;
  updateTls(tls: TlsMaterial): void;
  close(): Promise<void>;
}
