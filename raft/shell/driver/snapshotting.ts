import { cancelled } from "../../../lib/abort.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Message } from "../../core/message.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { Id, SnapshotMeta, Status } from "../../core/types.ts";
import { sameBytes } from "../log/binary.ts";
import type { LogStore, SnapshotPoint } from "../log/log-store.ts";
import type { Membership } from "../membership.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
  type SnapshotContent,
  type SnapshotKey,
  type SnapshotStore,
  type SnapshotWriter,
} from "../snapshots/snapshot-store.ts";
import type { SnapshotIntake, Transport } from "../transport/transport.ts";
import type { FreeSpace } from "./free-space.ts";
import type { Group } from "./group.ts";
import type { FromDriver } from "./port.ts";
import { compactThrough } from "./retention.ts";

/** When snapshots are taken and how much log is kept beside them. */
export interface SnapshotSettings {
  /** A new one is taken after this many applied entries. @default 50000 */
  readonly intervalEntries: number;
  /** Entries kept before the snapshot, so that slow members need no snapshot. @default 10000 */
  readonly keepEntries: number;
}

export const SNAPSHOT_SETTINGS: SnapshotSettings = Object.freeze({
  intervalEntries: 50_000,
  keepEntries: 10_000,
});

/** A snapshot is also taken after this much applied data, however few the entries. */
const INTERVAL_BYTES = 64 * 1024 * 1024;

/** Transfers to all members together. */
const TRANSFERS_MAX = 2;

/** What this part needs of its driver. */
export interface SnapshotModules {
  readonly core: RaftCore;
  readonly store: LogStore;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  readonly log: Logger;
  readonly post: (message: FromDriver) => void;
  readonly group: Group;
  readonly space: Pick<FreeSpace, "low">;
  /** Steps a message into the core and takes a turn. */
  readonly step: (message: Message) => void;
  readonly wake: () => void;
}

/** A transfer under way; a later one for the same snapshot goes on with the writer. */
interface Arriving {
  readonly snapshot: Snapshot;
  readonly writer: SnapshotWriter;
}

function sameKey(a: SnapshotKey, b: SnapshotKey): boolean {
  return a.index === b.index && a.term === b.term;
}

/** Takes, keeps, sends and receives snapshots, and compacts the log behind them. */
export class Snapshotting {
  readonly #settings: SnapshotSettings;
  readonly #modules: SnapshotModules;
  #current: Snapshot | null;
  /** Applied since the last snapshot was asked for. */
  #bytesSince = 0;
  /** Asked for and not saved yet: where the state was captured, once it was. */
  #taking: { key: SnapshotKey; membership: Membership } | "asked" | null = null;
  /** Received whole and not installed yet. */
  #received: readonly Snapshot[] = [];
  /** Kept when a transfer breaks, so that the next one resumes. */
  #arriving: Arriving | null = null;
  /** Under way, by receiver. The log from `key` on is kept until the receiver replicates. */
  readonly #sending = new Map<Id, { readonly key: SnapshotKey; done: boolean }>();
  #abort = new AbortController();

  constructor(settings: SnapshotSettings, modules: SnapshotModules) {
    this.#settings = settings;
    this.#modules = modules;
    const point = modules.store.snapshot;
    this.#current = point.index === 0 ? null : decodeSnapshot(point.data);
  }

  /** The newest snapshot. */
  get current(): Snapshot | null {
    return this.#current;
  }

  /**
   * The newest snapshot if it can be sent. One that is older than a member cannot: a member does
   * not start from a configuration without itself. Then a new one is asked for.
   */
  sendable(): SnapshotMeta | null {
    const known = this.#current?.membership.members;
    const all = [...this.#modules.group.membership.members.keys()];
    if (known && all.every((id) => known.has(id))) return this.#current?.meta ?? null;
    this.ask();
    return null;
  }

  /** Asks the host for a snapshot when enough was applied since the last one. */
  consider(applied: number, bytes: number): void {
    const since = applied - (this.#current?.meta.index ?? 0);
    this.#bytesSince += bytes;
    // It would be one of several attempts to write what there is no room for.
    if (this.#modules.space.low) return;
    if (since >= this.#settings.intervalEntries || this.#bytesSince >= INTERVAL_BYTES) this.ask();
  }

  /** The host captured its state after `key.index`, which is what the membership stands at. */
  captured(key: SnapshotKey): void {
    this.#taking = { key, membership: this.#modules.group.membership };
  }

  /** The host could not write the snapshot for want of room; everything before it stays. */
  async notSaved(reason: string): Promise<void> {
    this.#modules.log.error({ reason }, "a snapshot could not be taken");
    this.#taking = null;
    await this.tidy();
  }

  /** The host wrote the snapshot. */
  async saved(key: SnapshotKey, content: SnapshotContent): Promise<void> {
    const taken = this.#taking;
    if (taken !== null && taken !== "asked" && key.index > (this.#current?.meta.index ?? 0))
      await this.#keep(key, taken.membership, content);
    this.#taking = null;
    await this.tidy();
  }

  async #keep(key: SnapshotKey, membership: Membership, content: SnapshotContent): Promise<void> {
    const snapshot = { meta: { ...key, confState: membership.confState }, membership, content };
    const point = { ...key, data: encodeSnapshot(snapshot) };
    await this.#modules.store.write({ entries: [], hardState: null, snapshot: point });
    // A newer one may have been received and installed in the meantime.
    if (key.index <= (this.#current?.meta.index ?? 0)) return;
    this.#current = snapshot;
    this.#modules.log.info({ index: key.index, size: content.size }, "snapshot taken");
  }

  /** What the log store keeps of a snapshot that was received. */
  describe(meta: SnapshotMeta): SnapshotPoint {
    const snapshot = this.#installing(meta);
    return { index: meta.index, term: meta.term, data: encodeSnapshot(snapshot) };
  }

  /** A received snapshot is in force now. */
  installed(meta: SnapshotMeta): Snapshot {
    const snapshot = this.#installing(meta);
    this.#current = snapshot;
    this.#received = this.#received.filter((received) => received.meta.index > meta.index);
    return snapshot;
  }

  /** Asks the host for a snapshot. */
  ask(): void {
    if (this.#taking !== null) return;
    this.#taking = "asked";
    this.#bytesSince = 0;
    this.#modules.post({ kind: "take-snapshot" });
  }

  /** Starts sending what a MsgSnap asks for; the outcome is reported to the core. */
  send(message: Message): void {
    const { transport, log } = this.#modules;
    const snapshot = this.#current;
    const under = [...this.#sending.values()].filter(({ done }) => !done).length;
    if (!snapshot || !message.snapshot || !sameKey(snapshot.meta, message.snapshot))
      return this.#report(message.to, false);
    if (under >= TRANSFERS_MAX) return this.#report(message.to, false);
    const transfer = { key: snapshot.meta, done: false };
    this.#sending.set(message.to, transfer);
    const read = (offset: number): AsyncIterable<Uint8Array> =>
      this.#modules.snapshots.read(snapshot.meta, offset);
    transport.sendSnapshot(message.to, { message, snapshot, read }, this.#abort.signal).then(
      () => {
        transfer.done = true;
        log.info({ to: message.to, index: snapshot.meta.index }, "snapshot sent");
        this.#report(message.to, true);
      },
      (error: unknown) => {
        this.#sending.delete(message.to);
        log.warn({ to: message.to, err: error }, "sending a snapshot failed");
        this.#report(message.to, false);
      },
    );
  }

  /** A member offers a snapshot. */
  async receive(message: Message, snapshot: Snapshot): Promise<SnapshotIntake> {
    const before = this.#arriving;
    const resumes =
      before !== null &&
      sameKey(before.snapshot.meta, snapshot.meta) &&
      sameBytes(before.snapshot.content.sha256, snapshot.content.sha256);
    this.#arriving = null;
    if (before && !resumes) await before.writer.discard();
    const writer =
      before && resumes ? before.writer : await this.#modules.snapshots.create(snapshot.meta);
    const arriving = { snapshot, writer };
    this.#arriving = arriving;
    return {
      offset: writer.size,
      receive: async (chunks) => {
        for await (const chunk of chunks) {
          if (this.#arriving !== arriving)
            throw new SwarmError("aborted", "another transfer took over");
          await writer.write(chunk);
        }
        await this.#complete(arriving);
        this.#modules.step(message);
      },
    };
  }

  /** Leadership is gone: nobody needs to be sent anything. */
  abandonSending(): void {
    if (this.#sending.size === 0) return;
    this.#abort.abort(cancelled("leadership was lost"));
    this.#abort = new AbortController();
    this.#sending.clear();
  }

  /** Lets go of the log kept for receivers that have caught up. Called once a tick. */
  async release(status: Status): Promise<void> {
    let released = false;
    for (const [id, { done }] of this.#sending) {
      const view = status.progress.find((peer) => peer.id === id)?.view;
      const waiting = view?.state === "snapshot" && view.recentActive;
      if (!done || waiting) continue;
      this.#sending.delete(id);
      released = true;
    }
    if (released) await this.tidy();
  }

  /** Drops entries and snapshot files that nobody needs any more. */
  async tidy(): Promise<void> {
    const { store } = this.#modules;
    if (!this.#current) return;
    const through = compactThrough({
      snapshotIndex: this.#current.meta.index,
      keepEntries: this.#settings.keepEntries,
      sending: [...this.#sending.values()].map(({ key }) => key.index),
      progress: this.#modules.core.status().progress,
    });
    if (through >= store.firstIndex) await store.compact(through);
    await this.#prune();
  }

  /** Stops sending and gives up what is half received. */
  async close(): Promise<void> {
    this.abandonSending();
    await this.#arriving?.writer.discard();
    this.#arriving = null;
  }

  #installing(meta: SnapshotMeta): Snapshot {
    const snapshot = this.#received.find((received) => sameKey(received.meta, meta));
    if (!snapshot) throw new SwarmError("internal", `snapshot ${meta.index} was never received`);
    return snapshot;
  }

  async #complete(arriving: Arriving): Promise<void> {
    const { snapshot, writer } = arriving;
    if (this.#arriving === arriving) this.#arriving = null;
    const { size, sha256 } = await writer.finish();
    if (size !== snapshot.content.size || !sameBytes(sha256, snapshot.content.sha256)) {
      await this.#prune();
      throw new SwarmError("aborted", `snapshot ${snapshot.meta.index} arrived damaged`);
    }
    const applied = this.#current?.meta.index ?? 0;
    this.#received = [...this.#received.filter(({ meta }) => meta.index > applied), snapshot];
  }

  #report(to: Id, ok: boolean): void {
    this.#modules.core.reportSnapshot(to, ok);
    this.#modules.wake();
  }

  async #prune(): Promise<void> {
    const taking = this.#taking;
    const keep = [
      this.#current?.meta,
      ...this.#received.map((snapshot) => snapshot.meta),
      taking === null || taking === "asked" ? undefined : taking.key,
      ...[...this.#sending.values()].map(({ key }) => key),
    ];
    await this.#modules.snapshots.prune(keep.filter((key) => key !== undefined));
  }
}
