import { SwarmError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Call } from "../../proto/call.ts";
import { ReadConsistency, type Version } from "../../proto/generated.ts";
import type { RaftNode } from "../../raft/index.ts";
import type { Store } from "../store/store.ts";
import type { Identified } from "../store/table.ts";
import { versionOf } from "../store/table.ts";
import type { StoreView } from "../store/tables.ts";
import { invalid } from "./validate/check.ts";

/** What the control API works with. */
export interface ControlModules {
  readonly store: Store;
  readonly raft: Pick<RaftNode, "status" | "readBarrier">;
  readonly clock: Clock;
  readonly random: Random;
}

/** The local state, as fresh as `consistency` asks for. Valid until the caller next awaits. */
export async function readView(
  { store, raft }: ControlModules,
  consistency: ReadConsistency,
  call: Call,
): Promise<StoreView> {
  if (consistency === ReadConsistency.LINEARIZABLE) await raft.readBarrier(call.signal);
  return store.view;
}

/**
 * Refuses an update that was made from another version than the stored one. Every client must say
 * which version it read, or two people would undo each other's changes.
 * @throws SwarmError `invalid` without a version, `out-of-sequence` with a stale one
 */
export function checkVersion(stored: Identified, version: Version | null): void {
  if (!version) throw invalid("invalid argument: the version of the object is required");
  if (versionOf(stored) !== version.index)
    throw new SwarmError("out-of-sequence", "update out of sequence");
}
