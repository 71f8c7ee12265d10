import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import { decodeConfChange } from "../../../raft/core/conf-change-codec.ts";
import { configOf } from "../../../raft/core/config.ts";
import type { Config } from "../../../raft/core/config.ts";
import { APPEND_THREAD, APPLY_THREAD, newMessage } from "../../../raft/core/message.ts";
import type { Message, MutableMessage } from "../../../raft/core/message.ts";
import { RaftCore } from "../../../raft/core/raft-core.ts";
import type {
  ConfState,
  Entry,
  EntryFetch,
  Id,
  ReadFailure,
  ReadState,
  Ready,
  SnapshotMeta,
  Status,
  StepResult,
} from "../../../raft/core/types.ts";
import { MemoryDisk } from "./memory-disk.ts";

/** What etcd's checklist assumes unless a test says otherwise: the plain protocol of the paper. */
export const PLAIN: Partial<Config> = {
  preVote: false,
  checkQuorum: false,
  asyncStorageWrites: false,
  durableVoteRequests: false,
  tellCommit: false,
  onRemoval: "stay",
  forwardProposals: true,
  coalesceAppends: false,
};

export type Options = Partial<Config>;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A configuration from lists in any order. */
export function conf(voters: readonly Id[], rest: Partial<ConfState> = {}): ConfState {
  return {
    voters,
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
    ...rest,
  };
}

/** An entry of the given term and index. */
export function entry(term: number, index: number, data = ""): Entry {
  return { term, index, type: "normal", data: bytes(data) };
}

/** A message with some fields set. */
export function message(
  type: Message["type"],
  from: Id,
  to: Id,
  fields: Partial<MutableMessage> = {},
): Message {
  return { ...newMessage(type, from, to, 1), ...fields };
}

/** What a member starts from when it is not new. */
export interface Past {
  readonly entries?: readonly Entry[];
  readonly term?: number;
  readonly vote?: Id;
  readonly commit?: number;
  readonly snapshot?: SnapshotMeta;
}

/** One core with its disk and state machine. Work is done when a test asks for it. */
export class Member {
  readonly id: Id;
  readonly config: Config;
  disk: MemoryDisk;
  core: RaftCore;
  /** Applied entries of this life; a snapshot shows as a jump of the index. */
  readonly applied: Entry[] = [];
  readonly reads: ReadState[] = [];
  readonly failedReads: ReadFailure[] = [];
  readonly fetches: EntryFetch[] = [];
  /** Asynchronous mode: work the two storage workers have not done. */
  readonly appendWork: Message[] = [];
  readonly applyWork: Message[] = [];
  readonly outbox: Message[] = [];
  now = 0;
  confState: ConfState;
  appliedIndex: number;

  constructor(id: Id, confState: ConfState, options: Options = {}, past: Past = {}) {
    const random = new SeededRandom(`member ${id}`);
    this.id = id;
    this.config = configOf({ id, random: (n) => random.int(n), ...PLAIN, ...options });
    const snapshot = past.snapshot ?? { index: 0, term: 0, confState };
    this.disk = new MemoryDisk(snapshot);
    this.disk.append(past.entries ?? []);
    const { term = 0, vote = 0, commit = snapshot.index } = past;
    this.disk.hardState = { term, vote, commit };
    this.confState = snapshot.confState;
    this.appliedIndex = snapshot.index;
    this.core = this.#start();
  }

  #start(): RaftCore {
    return new RaftCore(this.config, this.disk, {
      hardState: this.disk.hardState,
      confState: this.confState,
      applied: this.appliedIndex,
    });
  }

  /**
   * Comes back with what the disk holds. The state machine is as durable as the disk, or else
   * starts again from the newest snapshot.
   */
  restart(volatile = false): void {
    if (volatile) {
      this.appliedIndex = this.disk.newest.index;
      this.confState = this.disk.newest.confState;
    }
    this.appendWork.length = 0;
    this.applyWork.length = 0;
    this.outbox.length = 0;
    this.core = this.#start();
  }

  get status(): Status {
    return this.core.status();
  }

  /** The leader's view of peer `id`. */
  peer(id: Id): Status["progress"][number]["view"] {
    const found = this.status.progress.find((peer) => peer.id === id);
    assert.ok(found, `${this.id} tracks ${id}`);
    return found.view;
  }

  tick(count = 1): void {
    for (let i = 0; i < count; i++) {
      this.now += this.config.tickMs;
      this.core.tick(this.now);
    }
  }

  step(m: Message): StepResult {
    return this.core.step(m);
  }

  /** Asks for a read at the present time of this member's clock. */
  read(id: number): void {
    this.core.readIndex(id, this.now);
  }

  /** Everything the member holds, the tail that is not durable yet included in neither mode. */
  log(): readonly string[] {
    return this.disk.all().map(({ term, index, data }) => `${term}/${index} ${text(data)}`.trim());
  }

  /** Takes one Ready; in asynchronous mode the workers' part is queued. */
  handleReady(): Ready {
    const ready = this.core.ready();
    this.reads.push(...ready.reads);
    this.failedReads.push(...ready.failedReads);
    this.fetches.push(...ready.fetches);
    if (!this.config.asyncStorageWrites) {
      this.#persist(ready.hardState, ready.entries, ready.snapshot);
      this.#apply(ready.committedEntries);
    }
    for (const m of ready.messages) {
      if (m.to === APPEND_THREAD) this.appendWork.push(m);
      else if (m.to === APPLY_THREAD) this.applyWork.push(m);
      else this.outbox.push(m);
    }
    if (!this.config.asyncStorageWrites) this.core.advance();
    return ready;
  }

  /** One job of the append worker. */
  appendOne(): void {
    const job = this.appendWork.shift();
    assert.ok(job, "there is append work");
    const { term, vote, commit } = job;
    const changed = term !== 0 || vote !== 0 || commit !== 0;
    this.#persist(changed ? { term, vote, commit } : null, job.entries, job.snapshot);
    this.#respond(job);
  }

  /** One job of the apply worker. */
  applyOne(): void {
    const job = this.applyWork.shift();
    assert.ok(job, "there is apply work");
    // A configuration comes into force only when the commit index that says so is durable: a
    // member that forgot it could stand for election by the configuration before.
    const change = job.entries.findLast(({ type }) => type === "conf-change");
    while (change && this.disk.hardState.commit < change.index) this.appendOne();
    this.#apply(job.entries);
    this.#respond(job);
  }

  #respond(job: Message): void {
    for (const response of job.responses) {
      if (response.to === this.id) assert.notEqual(this.core.step(response), "malformed");
      else this.outbox.push(response);
    }
  }

  #persist(
    hardState: Ready["hardState"],
    entries: readonly Entry[],
    snapshot: SnapshotMeta | null,
  ): void {
    if (snapshot) {
      this.disk.install(snapshot);
      this.confState = snapshot.confState;
      this.appliedIndex = snapshot.index;
    }
    if (hardState) {
      assert.ok(hardState.term >= this.disk.hardState.term, "a term never falls");
      assert.ok(hardState.commit >= this.disk.hardState.commit, "a commit index never falls");
      this.disk.hardState = hardState;
    }
    this.disk.append(entries);
  }

  #apply(entries: readonly Entry[]): void {
    for (const e of entries) {
      // A snapshot may have been installed in front of work that was handed out before it came.
      if (e.index <= this.appliedIndex) continue;
      assert.equal(e.index, this.appliedIndex + 1, "entries are applied in order, without gaps");
      this.appliedIndex = e.index;
      this.applied.push(e);
      if (e.type !== "conf-change") continue;
      this.confState = this.core.applyConfChange(decodeConfChange(e.data));
    }
  }

  /** Does all work that does not need a peer, then gives the messages to peers. */
  take(): Message[] {
    for (;;) {
      if (this.core.hasReady()) this.handleReady();
      else if (this.appendWork.length > 0) this.appendOne();
      else if (this.applyWork.length > 0) this.applyOne();
      else break;
    }
    return this.outbox.splice(0);
  }

  /** Compacts the log up to `index`, with a snapshot of what is applied. */
  compact(index = this.appliedIndex): void {
    this.disk.takeSnapshot(this.appliedIndex, this.confState);
    this.disk.compact(index);
  }

  /** Data of the applied normal entries, the leaders' empty ones left out. */
  get appliedTexts(): readonly string[] {
    return this.applied
      .filter(({ type, data }) => type === "normal" && data.length > 0)
      .map(({ data }) => text(data));
  }

  /** Makes a lone candidate win at once, by granted votes of everybody. */
  becomeLeader(): void {
    this.core.campaign();
    for (let round = 0; round < 3 && this.status.role !== "leader"; round++) {
      for (const m of this.take()) {
        if (m.type !== "MsgVote" && m.type !== "MsgPreVote") continue;
        const type = m.type === "MsgVote" ? "MsgVoteResp" : "MsgPreVoteResp";
        this.step(message(type, m.to, this.id, { term: m.term }));
      }
    }
    assert.equal(this.status.role, "leader");
  }

  /** Becomes a follower of `lead` at `term`. */
  follow(lead: Id, term: number): void {
    this.step(message("MsgHeartbeat", lead, this.id, { term }));
  }
}
