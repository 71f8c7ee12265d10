import { decodeConfChange, encodeConfChange } from "../../core/conf-change-codec.ts";
import type { ConfChangeStep, Entry } from "../../core/types.ts";
import { LevelLogStore } from "../log/level-log-store.ts";
import type { LogStore } from "../log/log-store.ts";
import { decodeSnapshot } from "../snapshots/snapshot-store.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { inspectRaft } from "./inspect.ts";
import { salvageLog } from "./salvage.ts";
import { openStateDirectory } from "./state-directory.ts";

/** What forcing a new cluster did. */
export interface Forced {
  /** Members that were taken out, by id. */
  readonly removed: readonly number[];
  /** The last entry that was kept. */
  readonly lastIndex: number;
  /** The damage after which the log was given up, or null. */
  readonly damage: string | null;
}

const READ_BYTES = 1024 * 1024;

/** Every entry of the log, in order. */
async function* entriesOf(store: LogStore): AsyncIterable<Entry> {
  let next = store.firstIndex;
  while (next <= store.lastIndex) {
    const entries = await store.read(next, store.lastIndex + 1, READ_BYTES);
    if (!entries) throw new SwarmError("internal", `entry ${next} cannot be read`);
    yield* entries;
    next += entries.length;
  }
}

/** Voters and learners after everything in the log, committed or not. */
async function membersOf(
  store: LogStore,
): Promise<{ readonly voters: ReadonlySet<number>; readonly learners: ReadonlySet<number> }> {
  const { index, data } = store.snapshot;
  const confState = index === 0 ? undefined : decodeSnapshot(data).meta.confState;
  const voters = new Set([...(confState?.voters ?? []), ...(confState?.votersOutgoing ?? [])]);
  const learners = new Set([...(confState?.learners ?? []), ...(confState?.learnersNext ?? [])]);
  for await (const entry of entriesOf(store)) {
    if (entry.type !== "conf-change" || entry.index <= index) continue;
    for (const { type, id } of decodeConfChange(entry.data).steps) {
      if (type === "update") continue;
      voters.delete(id);
      learners.delete(id);
      if (type === "add-voter") voters.add(id);
      else if (type === "add-learner") learners.add(id);
    }
  }
  return { voters, learners };
}

/**
 * Makes a stopped member the only one of its group: everything in its log counts as committed,
 * and every other member is taken out. For a group that has lost its quorum for good: what the
 * others had and this one had not is lost. A damaged log is kept up to the damage.
 */
export async function forceNewCluster(directory: string, kek: Uint8Array | null): Promise<Forced> {
  const { path, identity, cipher } = openStateDirectory(directory, kek);
  const { damage } = await inspectRaft(directory, kek);
  if (damage !== null) await salvageLog(path, cipher);
  const store = await LevelLogStore.open({ directory: path, cipher });
  try {
    const { voters, learners } = await membersOf(store);
    const self = identity.id;
    const removed = [...voters, ...learners].filter((id) => id !== self);
    const steps: ConfChangeStep[] = voters.has(self) ? [] : [{ type: "add-voter", id: self }];
    for (const id of removed) steps.push({ type: "remove", id });
    const term = Math.max(store.hardState.term, store.term(store.lastIndex) ?? 0) + 1;
    const first = store.lastIndex + 1;
    const entries = steps.map((step, i): Entry => {
      const change = { transition: "auto", steps: [step], context: new Uint8Array() } as const;
      return { index: first + i, term, type: "conf-change", data: encodeConfChange(change) };
    });
    const commit = store.lastIndex + entries.length;
    const hardState = { term, vote: self, commit };
    await store.write({ entries, hardState, snapshot: null });
    return { removed, lastIndex: first - 1, damage };
  } finally {
    await store.close();
  }
}
