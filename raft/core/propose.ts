import { appendEntries } from "./append.ts";
import type { Draft } from "./append.ts";
import { decodeConfChange } from "./conf-change-codec.ts";
import { changeConf, ConfChangeError, isJoint } from "./conf-change.ts";
import { broadcastAppend } from "./replication.ts";
import type { RaftState } from "./state.ts";
import type { ConfChange, DropReason, Entry, ProposeResult } from "./types.ts";

const NO_DATA = new Uint8Array(0);

function refuse(s: RaftState, reason: DropReason): ProposeResult {
  return { ok: false, reason, lead: s.lead };
}

/** Takes proposals, all or none: appends them on a leader, forwards or refuses them elsewhere. */
export function propose(s: RaftState, drafts: readonly Draft[]): ProposeResult {
  if (s.role === "leader") return proposeAsLeader(s, drafts);
  if (s.lead === 0) return refuse(s, "no-leader");
  if (!s.config.forwardProposals) return refuse(s, "not-leader");
  const message = s.message("MsgProp", s.lead);
  message.term = 0;
  message.entries = drafts.map(({ type, data }): Entry => ({ term: 0, index: 0, type, data }));
  s.send(message);
  return { ok: true, term: 0, index: 0 };
}

function proposeAsLeader(s: RaftState, drafts: readonly Draft[]): ProposeResult {
  if (!s.tracker.progress(s.id)) return refuse(s, "removed");
  if (s.transferee !== 0 || s.resigning !== 0) return refuse(s, "transferring");
  let admitted = drafts;
  let pendingConfIndex = s.pendingConfIndex;
  if (drafts.some(({ type }) => type === "conf-change")) {
    const checked = checkConfChanges(s, drafts);
    if (typeof checked === "string") return refuse(s, checked);
    ({ admitted, pendingConfIndex } = checked);
  }
  let bytes = 0;
  for (const { data } of admitted) {
    if (data.length > s.config.maxEntryBytes) return refuse(s, "too-large");
    bytes += data.length;
  }
  // The first entry above nothing always passes, however large; empty ones always do.
  const over = s.uncommittedBytes + bytes > s.config.maxUncommittedBytes;
  if (s.uncommittedBytes > 0 && bytes > 0 && over) return refuse(s, "uncommitted-limit");
  s.uncommittedBytes += bytes;
  s.pendingConfIndex = pendingConfIndex;
  appendEntries(s, admitted);
  broadcastAppend(s);
  return { ok: true, term: s.term, index: s.log.lastIndex() };
}

/** The drafts to append, with changes that cannot be made now dealt with as configured. */
function checkConfChanges(
  s: RaftState,
  drafts: readonly Draft[],
): DropReason | { admitted: readonly Draft[]; pendingConfIndex: number } {
  const check = s.config.confChangeCheck;
  const admitted: Draft[] = [];
  let { pendingConfIndex } = s;
  for (const draft of drafts) {
    let reason: DropReason | null = null;
    if (draft.type === "conf-change" && check !== "off") {
      reason = obstacle(s, decodeConfChange(draft.data), pendingConfIndex);
    }
    if (reason !== null && check === "refuse") return reason;
    if (reason !== null && reason !== "conf-invalid") {
      admitted.push({ type: "normal", data: NO_DATA });
      continue;
    }
    admitted.push(draft);
    if (draft.type === "conf-change") pendingConfIndex = s.log.lastIndex() + admitted.length;
  }
  return { admitted, pendingConfIndex };
}

/** Why `change` cannot follow the applied configuration; null when it can. */
function obstacle(s: RaftState, change: ConfChange, pendingConfIndex: number): DropReason | null {
  if (pendingConfIndex > s.log.applied) return "conf-pending";
  const wantsToLeave = change.steps.length === 0;
  if (isJoint(s.tracker.config) !== wantsToLeave) return "joint-mismatch";
  try {
    changeConf(s.tracker.config, change);
    return null;
  } catch (error) {
    if (!(error instanceof ConfChangeError)) throw error;
    return "conf-invalid";
  }
}
