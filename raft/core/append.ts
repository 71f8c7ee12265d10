import type { RaftState } from "./state.ts";
import type { Entry } from "./types.ts";

/** What a proposal brings; the leader gives it a place in the log. */
export type Draft = Pick<Entry, "type" | "data">;

/** Puts `drafts` at the end of a leader's log and acknowledges them to itself once durable. */
export function appendEntries(s: RaftState, drafts: readonly Draft[]): void {
  const { term } = s;
  let index = s.log.lastIndex();
  const entries: Entry[] = [];
  for (const { type, data } of drafts) {
    index++;
    entries.push({ term, index, type, data });
  }
  s.log.append(entries);
  const ack = s.message("MsgAppResp", s.id);
  ack.index = index;
  s.sendAfterAppend(ack);
}
