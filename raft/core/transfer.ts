import { sendAppend } from "./replication.ts";
import type { RaftState } from "./state.ts";
import type { Id } from "./types.ts";

/** Tells `peer` to campaign at once (Raft §3.10). */
export function sendTimeoutNow(s: RaftState, to: Id): void {
  // Whenever this message arrives, voters will ignore their promise to this leader.
  s.lease.void();
  s.send(s.message("MsgTimeoutNow", to));
}

/** A leader starts to hand over to voter `to`; proposals stop until it is decided. */
export function startTransfer(s: RaftState, to: Id): void {
  const peer = s.tracker.progress(to);
  if (!peer || peer.isLearner || s.transferee === to) return;
  s.transferee = 0;
  if (to === s.id) return;
  // One election timeout is enough for a transfer; the leader's check ends it.
  s.electionElapsed = 0;
  s.transferee = to;
  if (peer.match === s.log.lastIndex()) sendTimeoutNow(s, to);
  else sendAppend(s, peer, true);
}
