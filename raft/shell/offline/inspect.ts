import { createHash } from "node:crypto";
import { messageOf } from "../../../lib/errors.ts";
import { decodeConfChange } from "../../core/conf-change-codec.ts";
import type { Entry } from "../../core/types.ts";
import { snapshotDirectory } from "../bound-member.ts";
import { sameBytes } from "../log/binary.ts";
import { LogDisk } from "../log/log-disk.ts";
import { readPack } from "../log/log-pack.ts";
import { DamageFound, recover } from "../log/log-recovery.ts";
import { LOG_CACHE_BYTES } from "../log/log-store.ts";
import { decodeMember, memberList } from "../membership.ts";
import { FileSnapshotStore } from "../snapshots/file-snapshot-store.ts";
import { decodeSnapshot, type Snapshot } from "../snapshots/snapshot-store.ts";
import { openStateDirectory } from "./state-directory.ts";

/** What was found in a state directory. */
export interface RaftReport {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly id: number;
  /** Why it must not be used, or null. */
  readonly damage: string | null;
  readonly boot: number;
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly snapshot: {
    readonly index: number;
    readonly term: number;
    readonly bytes: number;
    readonly members: readonly string[];
  } | null;
}

/** One log entry, in words. Data of normal entries is the manager's and stays unread. */
export interface EntryLine {
  readonly index: number;
  readonly term: number;
  readonly type: string;
  readonly bytes: number;
  /** What a configuration change does. */
  readonly change?: string;
}

function lineOf(entry: Entry): EntryLine {
  const { index, term, type, data } = entry;
  const line = { index, term, type, bytes: data.length };
  if (type !== "conf-change") return line;
  const { steps, context } = decodeConfChange(data);
  const member = decodeMember(context);
  const words = steps.map((step) => `${step.type} ${step.id}`);
  if (member) words.push(`(${member.nodeId} at ${member.addr})`);
  return { ...line, change: words.join(" ") || "leave joint" };
}

/** Why a snapshot's file is not what its description promises, or null. */
async function snapshotDamage(
  store: FileSnapshotStore,
  snapshot: Snapshot,
): Promise<string | null> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const chunk of store.read(snapshot.meta, 0)) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    return messageOf(error);
  }
  const whole = size === snapshot.content.size && sameBytes(hash.digest(), snapshot.content.sha256);
  return whole ? null : `the snapshot at ${snapshot.meta.index} is not what was written`;
}

/**
 * Proves a stopped member's log, anchor and snapshot, and tells `each` about every entry. What is
 * still in the journal goes to the database, as at any start; nothing else changes. Damage is
 * reported, not thrown.
 */
export async function inspectRaft(
  directory: string,
  kek: Uint8Array | null,
  each: (line: EntryLine) => void = () => {},
): Promise<RaftReport> {
  const { path, identity, cipher } = openStateDirectory(directory, kek);
  const { clusterId, nodeId, id } = identity;
  const base = { clusterId, nodeId, id };
  const opened = await LogDisk.open({ directory: path });
  try {
    const found = await recover(opened, cipher, LOG_CACHE_BYTES);
    for (const pack of found.packs) {
      const entries = await readPack(opened.disk, pack, cipher);
      if (typeof entries === "string") throw new DamageFound(entries);
      for (const entry of entries) each(lineOf(entry));
    }
    const snapshot = found.snapshot.index === 0 ? null : decodeSnapshot(found.snapshot.data);
    const store = await FileSnapshotStore.open(snapshotDirectory(path), cipher);
    return {
      ...base,
      damage: snapshot && (await snapshotDamage(store, snapshot)),
      boot: found.head.boot,
      ...found.head.hardState,
      firstIndex: found.window.firstIndex,
      lastIndex: found.window.lastIndex,
      snapshot: snapshot && {
        index: snapshot.meta.index,
        term: snapshot.meta.term,
        bytes: snapshot.content.size,
        members: memberList(snapshot.membership).map((m) => `${m.nodeId} at ${m.addr}`),
      },
    };
  } catch (error) {
    if (!(error instanceof DamageFound)) throw error;
    const unknown = { boot: 0, term: 0, vote: 0, commit: 0, firstIndex: 0, lastIndex: 0 };
    return {
      ...base,
      ...unknown,
      ...opened.anchor?.hardState,
      damage: error.message,
      snapshot: null,
    };
  } finally {
    await opened.disk.close(false);
  }
}
