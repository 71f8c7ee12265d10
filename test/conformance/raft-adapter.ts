/**
 * The Raft core behind the small surface by which etcd's data-driven scripts judge a core.
 * `npm run --silent raft:adapter` compiles this file and prints the path of the result, which a
 * plain `node` can import.
 */
import { InvariantError } from "../../lib/assert.ts";
import { SeededRandom } from "../../lib/random.ts";
import { enterJoint, leaveJoint, simpleChange } from "../../raft/core/conf-change.ts";
import type { ConfResult } from "../../raft/core/conf-change.ts";
import { configOf } from "../../raft/core/config.ts";
import { quorumReached, voteResult } from "../../raft/core/quorum.ts";
import { RaftCore } from "../../raft/core/raft-core.ts";
import { Tracker } from "../../raft/core/tracker.ts";
import type { LogView, ProposeResult, Ready } from "../../raft/core/types.ts";
import {
  ROLE_NAMES,
  fromConfChangeData,
  fromEntry,
  fromMessage,
  fromProgress,
  fromSnapshotMeta,
  toConfChange,
  toConfState,
  toEntry,
  toMessage,
  toSnapshotMeta,
} from "./adapter-convert.ts";
import type {
  NodeOptions,
  RunnerConfChange,
  RunnerConfState,
  RunnerEntry,
  RunnerMessage,
  RunnerProgress,
  RunnerReady,
  RunnerStorage,
} from "./adapter-types.ts";

/** Suite 1: the arithmetic of agreement. */
export const quorum = {
  committedIndex(
    incoming: readonly number[],
    outgoing: readonly number[],
    acked: ReadonlyMap<number, number>,
  ): number {
    return quorumReached(incoming, outgoing, { acked: (id) => acked.get(id) ?? 0 });
  },

  voteResult(
    incoming: readonly number[],
    outgoing: readonly number[],
    votes: ReadonlyMap<number, boolean>,
  ): string {
    const result = voteResult(incoming, outgoing, votes);
    return { pending: "VotePending", lost: "VoteLost", won: "VoteWon" }[result];
  },
};

interface ChangeOutcome {
  readonly config: RunnerConfState;
  readonly progress: ReadonlyMap<number, RunnerProgress>;
}

type Changes = RunnerConfChange["changes"];

/** Suite 2: changes of a configuration, one after the other, from the empty one. */
export function newChanger({ maxInflight }: { readonly maxInflight: number }): {
  simple(changes: Changes, lastIndex: number): ChangeOutcome;
  enterJoint(autoLeave: boolean, changes: Changes, lastIndex: number): ChangeOutcome;
  leaveJoint(lastIndex: number): ChangeOutcome;
} {
  const limits = { maxInflightMessages: maxInflight, maxInflightBytes: Infinity };
  const tracker = new Tracker(limits);
  const steps = (changes: Changes) =>
    toConfChange({ v1: false, transition: "auto", changes, context: new Uint8Array(0) }).steps;
  const adopt = ({ config, restarted }: ConfResult, lastIndex: number): ChangeOutcome => {
    tracker.adopt(config, lastIndex, restarted);
    const progress = tracker.peers.map((peer) => [peer.id, fromProgress(peer.view())] as const);
    return { config, progress: new Map(progress) };
  };
  return {
    simple: (changes, last) => adopt(simpleChange(tracker.config, steps(changes)), last),
    enterJoint: (autoLeave, changes, last) =>
      adopt(enterJoint(tracker.config, autoLeave, steps(changes)), last),
    leaveJoint: (last) => adopt(leaveJoint(tracker.config), last),
  };
}

/** What an entry of type conf-change says. */
export const decodeConfChange = (entry: RunnerEntry): RunnerConfChange =>
  fromConfChangeData(entry.data);

const viewOf = (storage: RunnerStorage): LogView => ({
  firstIndex: () => storage.firstIndex(),
  lastIndex: () => storage.lastIndex(),
  term: (index) => storage.term(index),
  entries: (lo, hi, maxBytes) => storage.entries(lo, hi, maxBytes).map(toEntry),
  snapshot: () => toSnapshotMeta(storage.snapshot()),
});

function expectAccepted(result: ProposeResult): void {
  if (!result.ok) throw new Error("raft proposal dropped");
}

/** One core under the runner's control. */
class AdapterNode {
  readonly #storage: RunnerStorage;
  readonly #core: RaftCore;
  /** Bytes of the snapshots that came in, by index; the core keeps their identity only. */
  readonly #received = new Map<number, Uint8Array>();
  #now = 0;

  constructor(options: NodeOptions) {
    const { id, storage, applied } = options;
    const random = new SeededRandom(`node ${id}`);
    const config = configOf({
      id,
      random: (bound) => random.int(bound),
      electionTicks: options.electionTick,
      heartbeatTicks: options.heartbeatTick,
      asyncStorageWrites: options.asyncStorageWrites,
      preVote: options.preVote,
      // The lease that the core takes for itself rests on CheckQuorum; the scripts leave it out.
      checkQuorum: options.checkQuorum || options.readOnlyOption === "lease-based",
      readMode: options.readOnlyOption === "lease-based" ? "lease" : "safe",
      maxBytesPerMessage: options.maxSizePerMsg,
      maxInflightMessages: options.maxInflightMsgs,
      maxInflightBytes: Infinity,
      maxApplyingBytes: options.maxCommittedSizePerReady ?? options.maxSizePerMsg,
      maxUncommittedBytes: Infinity,
      maxEntryBytes: Infinity,
      confChangeCheck: options.disableConfChangeValidation ? "off" : "empty-entry",
      onRemoval: options.stepDownOnRemoval ? "step-down" : "stay",
      forwardProposals: true,
      durableVoteRequests: false,
      tellCommit: false,
      coalesceAppends: false,
    });
    const { hardState, confState } = storage.initialState();
    this.#storage = storage;
    const boot = { hardState, confState: toConfState(confState), applied };
    this.#core = new RaftCore(config, viewOf(storage), boot);
  }

  tick(): void {
    this.#now += 100;
    this.#core.tick(this.#now);
  }

  campaign(): void {
    this.#core.campaign();
  }

  propose(data: Uint8Array): void {
    expectAccepted(this.#core.propose([data]));
  }

  proposeConfChange(change: RunnerConfChange): void {
    expectAccepted(this.#core.proposeConfChange(toConfChange(change)));
  }

  applyConfChange(change: RunnerConfChange): RunnerConfState {
    return this.#core.applyConfChange(toConfChange(change));
  }

  step(message: RunnerMessage): void {
    const { snapshot } = message;
    if (snapshot) this.#received.set(snapshot.metadata.index, snapshot.data);
    const result = this.#core.step(toMessage(message));
    if (result === "ok") return;
    if (result === "peer-not-found") throw new Error("raft: cannot step as peer not found");
    if (result === "malformed" || result === "local-message") {
      throw new InvariantError(`${message.type} was refused as ${result}`);
    }
    throw new Error("raft proposal dropped");
  }

  hasReady(): boolean {
    return this.#core.hasReady();
  }

  ready(): RunnerReady {
    return this.#fromReady(this.#core.ready());
  }

  #fromReady(ready: Ready): RunnerReady {
    const data = (index: number) => this.#received.get(index) ?? this.#storage.snapshot().data;
    const { softState, hardState, snapshot } = ready;
    return {
      ...(softState && { softState: { lead: softState.lead, state: ROLE_NAMES[softState.role] } }),
      ...(hardState && { hardState }),
      ...(snapshot && { snapshot: fromSnapshotMeta(snapshot, data(snapshot.index)) }),
      readStates: ready.reads.map(({ id, index }) => ({ index, requestCtx: Uint8Array.of(id) })),
      entries: ready.entries.map(fromEntry),
      committedEntries: ready.committedEntries.map(fromEntry),
      messages: ready.messages.map((message) => fromMessage(message, data)),
      mustSync: ready.mustSync,
    };
  }

  advance(): void {
    this.#core.advance();
  }

  reportUnreachable(id: number): void {
    this.#core.reportUnreachable(id);
  }

  transferLeader(to: number): void {
    this.#core.transferLeader(to);
  }

  forgetLeader(): void {
    this.#core.forgetLeader();
  }

  setRandomizedElectionTimeout(ticks: number): void {
    this.#core.setElectionTimeout(ticks);
  }

  status(): {
    id: number;
    term: number;
    lead: number;
    state: string;
    config: RunnerConfState;
    progress: ReadonlyMap<number, RunnerProgress>;
  } {
    const { id, term, lead, role, config, progress } = this.#core.status();
    const views = progress.map((peer) => [peer.id, fromProgress(peer.view)] as const);
    return { id, term, lead, state: ROLE_NAMES[role], config, progress: new Map(views) };
  }
}

/** Suite 3: a core. */
export const createNode = (options: NodeOptions): AdapterNode => new AdapterNode(options);
