import { entriesBytes } from "./entry-size.ts";
import { APPEND_THREAD, APPLY_THREAD } from "./message.ts";
import type { Message } from "./message.ts";
import { broadcastHeartbeat, flushBroadcast } from "./replication.ts";
import type { RaftState } from "./state.ts";
import { stepMessage } from "./step.ts";
import type { Entry, EntryFetch, HardState, Ready, SoftState } from "./types.ts";

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/**
 * Turns state into work: collects what is new since the last Ready and remembers what was handed
 * out, so that nothing is handed out twice.
 */
export class ReadyMaker {
  readonly #s: RaftState;
  readonly #async: boolean;
  #softState: SoftState;
  #hardState: HardState;
  /** Simple mode: acknowledgements to oneself, due when the driver advances. */
  #onAdvance: Message[] = [];
  /** Entries to apply are being read. */
  #fetch: EntryFetch | null = null;
  /** Entries to apply that a fetch brought. */
  #fetched: readonly Entry[] = NO_ENTRIES;

  constructor(s: RaftState) {
    this.#s = s;
    this.#async = s.config.asyncStorageWrites;
    this.#softState = s.softState;
    this.#hardState = s.hardState;
  }

  hasReady(): boolean {
    const s = this.#s;
    const { unstable } = s.log;
    return (
      s.messages.length > 0 ||
      s.messagesAfterAppend.length > 0 ||
      unstable.hasNewEntries ||
      unstable.newSnapshot !== null ||
      this.#softStateChanged() ||
      this.#hardStateChanged() ||
      s.readStates.length > 0 ||
      s.failedReads.length > 0 ||
      s.fetches.length > 0 ||
      s.broadcastDue ||
      s.reads.needsBroadcast ||
      (this.#fetch === null && s.log.hasNextCommitted(!this.#async))
    );
  }

  ready(): Ready {
    const s = this.#s;
    if (s.broadcastDue) flushBroadcast(s);
    // One broadcast confirms all reads that came in since the last one.
    if (s.reads.needsBroadcast) broadcastHeartbeat(s);
    const { unstable } = s.log;
    const softState = this.#softStateChanged() ? s.softState : null;
    const hardState = this.#hardStateChanged() ? s.hardState : null;
    const entries = unstable.hasNewEntries ? unstable.newEntries() : NO_ENTRIES;
    const snapshot = unstable.newSnapshot;
    const committedEntries = this.#nextCommitted();
    const mustSync =
      entries.length > 0 ||
      (hardState !== null &&
        (hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote));
    const work = { softState, hardState, entries, snapshot, committedEntries, mustSync };
    const messages = this.#async ? this.#asyncMessages(work) : this.#simpleMessages(work);
    const { readStates: reads, failedReads, fetches } = s;
    this.#accept(work);
    return { ...work, messages, reads, failedReads, fetches };
  }

  /** Simple mode: the last Ready is durable and applied. */
  advance(): void {
    const due = this.#onAdvance;
    this.#onAdvance = [];
    for (const message of due) stepMessage(this.#s, message);
  }

  /** Entries to apply that were read for `fetch`; empty = a snapshot has replaced them. */
  fetched(fetch: EntryFetch, entries: readonly Entry[]): void {
    if (this.#fetch !== fetch) return;
    this.#fetch = null;
    if (entries[0]?.index === this.#s.log.applying + 1) this.#fetched = entries;
  }

  #accept({ softState, hardState, committedEntries }: Work): void {
    const s = this.#s;
    if (softState) this.#softState = softState;
    if (hardState) this.#hardState = hardState;
    s.messages = [];
    s.messagesAfterAppend = [];
    if (s.readStates.length > 0) s.readStates = [];
    if (s.failedReads.length > 0) s.failedReads = [];
    if (s.fetches.length > 0) s.fetches = [];
    s.log.unstable.acceptAll();
    const last = committedEntries.at(-1);
    if (last) s.log.acceptApplying(last.index, entriesBytes(committedEntries), !this.#async);
  }

  #softStateChanged(): boolean {
    const { lead, role } = this.#s;
    return lead !== this.#softState.lead || role !== this.#softState.role;
  }

  #hardStateChanged(): boolean {
    const { term, vote, log } = this.#s;
    const old = this.#hardState;
    return term !== old.term || vote !== old.vote || log.committed !== old.commit;
  }

  #nextCommitted(): readonly Entry[] {
    const s = this.#s;
    if (this.#fetch !== null || !s.log.hasNextCommitted(!this.#async)) return NO_ENTRIES;
    const { lo, hi, maxBytes } = s.log.nextCommittedRange(!this.#async);
    if (this.#fetched.length > 0) {
      const entries = this.#fetched;
      this.#fetched = NO_ENTRIES;
      if (entries[0]!.index === lo) return entries;
    }
    const entries = s.log.entries(lo, hi, maxBytes);
    if (entries !== null) return entries;
    this.#fetch = { to: s.id, lo, hi, maxBytes };
    s.fetches.push(this.#fetch);
    return NO_ENTRIES;
  }

  /** What the append worker acknowledges to this node itself, if anything. */
  #appendResponse({ snapshot }: Work): Message | null {
    const s = this.#s;
    const { unstable } = s.log;
    if (unstable.count === 0 && snapshot === null) return null;
    const response = s.message("MsgStorageAppendResp", s.id);
    response.from = APPEND_THREAD;
    if (unstable.count > 0) {
      // The end of the whole tail, not of this batch: after a change of term older
      // acknowledgements are void, so each new one has to cover everything before it.
      response.index = s.log.lastIndex();
      response.logTerm = s.log.lastTerm();
    }
    response.snapshot = snapshot;
    return response;
  }

  #applyResponse(entries: readonly Entry[]): Message {
    const response = this.#s.message("MsgStorageApplyResp", this.#s.id);
    response.from = APPLY_THREAD;
    response.term = 0;
    response.entries = entries;
    return response;
  }

  #asyncMessages(work: Work): readonly Message[] {
    const s = this.#s;
    const { messages, messagesAfterAppend: responses } = s;
    const { hardState, entries, snapshot, committedEntries } = work;
    if (entries.length > 0 || hardState || snapshot || responses.length > 0) {
      const append = s.message("MsgStorageAppend", APPEND_THREAD);
      append.term = hardState?.term ?? 0;
      append.vote = hardState?.vote ?? 0;
      append.commit = hardState?.commit ?? 0;
      append.entries = entries;
      append.snapshot = snapshot;
      // The leader's own acknowledgement first, while the tail still answers for its terms.
      const stable = this.#appendResponse(work);
      if (stable) responses.push(stable);
      append.responses = responses;
      messages.push(append);
    }
    if (committedEntries.length > 0) {
      const apply = s.message("MsgStorageApply", APPLY_THREAD);
      apply.term = 0;
      apply.entries = committedEntries;
      apply.responses = [this.#applyResponse(committedEntries)];
      messages.push(apply);
    }
    return messages;
  }

  #simpleMessages(work: Work): readonly Message[] {
    const s = this.#s;
    const { messages } = s;
    for (const message of s.messagesAfterAppend) {
      (message.to === s.id ? this.#onAdvance : messages).push(message);
    }
    const stable = this.#appendResponse(work);
    if (stable) this.#onAdvance.push(stable);
    const { committedEntries } = work;
    if (committedEntries.length > 0) this.#onAdvance.push(this.#applyResponse(committedEntries));
    return messages;
  }
}

type Work = Pick<
  Ready,
  "softState" | "hardState" | "entries" | "snapshot" | "committedEntries" | "mustSync"
>;
