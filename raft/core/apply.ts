import { hasUnappliedConfChange, takeOver } from "./election.ts";
import { entriesBytes, payloadBytes } from "./entry-size.ts";
import { propose } from "./propose.ts";
import type { RaftState } from "./state.ts";
import type { Entry } from "./types.ts";

const NO_DATA = new Uint8Array(0);

/** The state machine has applied `entries`. */
export function entriesApplied(s: RaftState, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (!last) return;
  appliedTo(s, last.index, entriesBytes(entries));
  s.uncommittedBytes = Math.max(0, s.uncommittedBytes - payloadBytes(entries));
}

/** The snapshot at `index` is installed, in the log and in the state machine. */
export function snapshotInstalled(s: RaftState, index: number): void {
  s.log.unstable.stableSnapshotTo(index);
  if (s.log.unstable.snapshot === null) s.outdatedConfig = null;
  appliedTo(s, index, 0);
}

function appliedTo(s: RaftState, index: number, bytes: number): void {
  // A batch may be confirmed after a snapshot that lies behind it.
  s.log.appliedTo(Math.max(index, s.log.applied), bytes);
  leaveJointIfDue(s);
  if (s.campaignOnceApplied === s.term && s.role === "follower" && !hasUnappliedConfChange(s)) {
    s.campaignOnceApplied = 0;
    takeOver(s);
  }
}

/**
 * Proposes to leave a joint configuration that leaves itself. Looked at whenever something was
 * applied or a transfer ended, because a proposal is dropped during a transfer and is lost with
 * its leader. `pendingConfIndex` keeps it from being made twice.
 */
export function leaveJointIfDue(s: RaftState): void {
  const due = s.role === "leader" && s.tracker.config.autoLeave;
  if (due && s.log.applied >= s.pendingConfIndex) {
    // No data: leaves the joint configuration, and passes the uncommitted limit.
    propose(s, [{ type: "conf-change", data: NO_DATA }]);
  }
}
