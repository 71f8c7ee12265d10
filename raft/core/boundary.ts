import { APPEND_THREAD, APPLY_THREAD, isStorageWorker } from "./message.ts";
import type { Message, MessageType } from "./message.ts";
import type { RaftState } from "./state.ts";
import type { Entry, StepResult } from "./types.ts";

/** Answers to something this node sent: they need a progress to account for. */
const RESPONSES: ReadonlySet<MessageType> = new Set<MessageType>([
  "MsgAppResp",
  "MsgVoteResp",
  "MsgPreVoteResp",
  "MsgHeartbeatResp",
  "MsgReadIndexResp",
]);

/** Requests without a term: whoever leads may take them. */
const TERMLESS: ReadonlySet<MessageType> = new Set<MessageType>(["MsgProp", "MsgReadIndex"]);

/** Why `m` must not reach the state machine; null when it may. */
export function refuse(s: RaftState, m: Message): StepResult | null {
  if (m.to !== s.id || !hasSafeNumbers(m)) return "malformed";
  switch (m.type) {
    case "MsgStorageAppendResp":
      return m.from === APPEND_THREAD ? null : "local-message";
    case "MsgStorageApplyResp":
      return m.from === APPLY_THREAD ? null : "local-message";
    case "MsgStorageAppend":
    case "MsgStorageApply":
      return "local-message";
    default:
      return refusePeerMessage(s, m);
  }
}

function refusePeerMessage(s: RaftState, m: Message): StepResult | null {
  if (m.from <= 0 || isStorageWorker(m.from)) return "malformed";
  if (m.term === 0 && !TERMLESS.has(m.type)) return "malformed";
  if (m.type === "MsgApp" && !isRun(m.entries, m.index, m.term)) return "malformed";
  if (m.type === "MsgSnap" && m.snapshot === null) return "malformed";
  if (m.type === "MsgProp" && m.entries.length === 0) return "malformed";
  if (RESPONSES.has(m.type) && !s.tracker.progress(m.from)) return "peer-not-found";
  return null;
}

/** Every number is an integer from 0 that a double holds exactly. */
function hasSafeNumbers(m: Message): boolean {
  return (
    isCount(m.term) &&
    isCount(m.logTerm) &&
    isCount(m.index) &&
    isCount(m.commit) &&
    isCount(m.rejectHint) &&
    isCount(m.context) &&
    Number.isSafeInteger(m.from)
  );
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** Whether `entries` follow `index` without gaps, terms rising up to the sender's. */
function isRun(entries: readonly Entry[], index: number, term: number): boolean {
  let lastTerm = 0;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    if (entry.index !== index + 1 + i || entry.term < lastTerm || entry.term > term) return false;
    lastTerm = entry.term;
  }
  return true;
}
