import type { RaftState } from "./state.ts";
import type { Status } from "./types.ts";

/** A consistent copy of what this member knows. */
export function statusOf(s: RaftState): Status {
  const leads = s.role === "leader";
  return {
    id: s.id,
    term: s.term,
    vote: s.vote,
    role: s.role,
    lead: s.lead,
    commit: s.log.committed,
    applied: s.log.applied,
    lastIndex: s.log.lastIndex(),
    config: s.tracker.config,
    progress: leads ? s.tracker.peers.map((peer) => ({ id: peer.id, view: peer.view() })) : [],
    transferee: s.transferee,
    leaseUntil: leads && s.config.readMode === "lease" ? s.lease.until : 0,
    uncommittedBytes: s.uncommittedBytes,
    pendingConfIndex: s.pendingConfIndex,
  };
}
