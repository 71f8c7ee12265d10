import { assert } from "../../lib/assert.ts";
import { payloadBytes } from "./entry-size.ts";
import { UNKNOWN_TERM } from "./log.ts";
import type { Progress } from "./progress.ts";
import { releaseReads } from "./reads.ts";
import type { RaftState } from "./state.ts";
import type { Entry, EntryFetch } from "./types.ts";

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/**
 * Sends `peer` the entries that follow, or a snapshot when they are compacted. With nothing to
 * send it sends an empty append, for the commit index, only if `evenEmpty`. Answers whether a
 * message was made.
 */
export function sendAppend(s: RaftState, peer: Progress, evenEmpty: boolean): boolean {
  if (peer.paused) return false;
  const { log } = s;
  const last = log.lastIndex();
  const prevTerm = log.term(peer.next - 1);
  if (prevTerm === UNKNOWN_TERM) return sendSnapshot(s, peer);
  let entries: readonly Entry[] | null = NO_ENTRIES;
  // A full window gets empty appends only: they tell whether everything in it was lost.
  if (peer.next <= last && !(peer.state === "replicate" && peer.inflights.full)) {
    entries = log.entries(peer.next, last + 1, s.config.maxBytesPerMessage);
    if (entries === null) {
      fetchFor(s, peer, last + 1);
      return false;
    }
  }
  if (entries.length === 0 && !evenEmpty) return false;
  pushAppend(s, peer, prevTerm, entries);
  return true;
}

function pushAppend(
  s: RaftState,
  peer: Progress,
  prevTerm: number,
  entries: readonly Entry[],
): void {
  const message = s.message("MsgApp", peer.id);
  message.index = peer.next - 1;
  message.logTerm = prevTerm;
  message.entries = entries;
  message.commit = s.log.committed;
  s.send(message);
  peer.sentEntries(entries.length, payloadBytes(entries));
  peer.sentCommit = s.log.committed;
}

/** Has the driver read entries that are not in memory; the peer waits, the group does not. */
function fetchFor(s: RaftState, peer: Progress, hi: number): void {
  const fetch = { to: peer.id, lo: peer.next, hi, maxBytes: s.config.maxBytesPerMessage };
  peer.fetch = fetch;
  s.fetches.push(fetch);
}

/** Sends what a fetch brought, unless the peer's position or the leadership moved meanwhile. */
export function sendFetched(s: RaftState, fetch: EntryFetch, entries: readonly Entry[]): void {
  const peer = s.tracker.progress(fetch.to);
  if (s.role !== "leader" || !peer || peer.fetch !== fetch) return;
  peer.fetch = null;
  const prevTerm = s.log.term(peer.next - 1);
  const usable = entries[0]?.index === peer.next && prevTerm !== UNKNOWN_TERM;
  if (usable) pushAppend(s, peer, prevTerm, entries);
  sendAllTo(s, peer);
}

function sendSnapshot(s: RaftState, peer: Progress): boolean {
  // A peer that does not answer would only hold the snapshot's resources.
  if (!peer.recentActive) return false;
  const snapshot = s.log.snapshot();
  if (snapshot === null) return false;
  assert(snapshot.index > 0, "a snapshot that is sent is not empty");
  peer.becomeSnapshot(snapshot.index);
  const message = s.message("MsgSnap", peer.id);
  message.snapshot = snapshot;
  s.send(message);
  return true;
}

/** Sends as many appends with entries as the window takes. */
export function sendAllTo(s: RaftState, peer: Progress): void {
  while (sendAppend(s, peer, false));
}

/** Sends an append to every other member, at once or when the Ready is taken. */
export function broadcastAppend(s: RaftState): void {
  if (s.config.coalesceAppends) {
    s.broadcastDue = true;
    return;
  }
  for (const peer of s.tracker.peers) if (peer.id !== s.id) sendAppend(s, peer, true);
}

/** Makes the appends that broadcasts of this turn owe: all new entries, the newest commit. */
export function flushBroadcast(s: RaftState): void {
  s.broadcastDue = false;
  for (const peer of s.tracker.peers) {
    if (peer.id === s.id) continue;
    sendAllTo(s, peer);
    if (peer.canRaiseCommit(s.log.committed)) sendAppend(s, peer, true);
  }
}

/** Sends a heartbeat to every other member: their commit index, and a round for reads. */
export function broadcastHeartbeat(s: RaftState): void {
  const round = s.reads.nextRound();
  s.lease.sent(round);
  for (const peer of s.tracker.peers) {
    if (peer.id === s.id) continue;
    const message = s.message("MsgHeartbeat", peer.id);
    // Never beyond what the peer is known to hold.
    message.commit = Math.min(peer.match, s.log.committed);
    message.context = round;
    s.send(message);
    peer.sentCommit = message.commit;
  }
}

/**
 * Commits what a quorum holds, if it is of the present term: older entries are committed only
 * together with one of these (Raft §5.4.2). Answers whether the commit index moved.
 */
export function advanceCommit(s: RaftState): boolean {
  const index = s.tracker.committed();
  if (index <= s.log.committed || s.log.term(index) !== s.term) return false;
  s.log.commitTo(index);
  releaseReads(s);
  return true;
}
