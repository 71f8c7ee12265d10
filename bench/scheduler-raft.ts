import { onAbort } from "../lib/abort.ts";
import type { CommittedEntry, Proposed, RaftStatus, StateMachine } from "../raft/index.ts";
import type { Proposer } from "../manager/store/store.ts";

interface Proposal {
  readonly data: Uint8Array;
  readonly done: (at: Proposed) => void;
}

/**
 * Consensus of one, in memory: an entry a turn of the event loop, as they come from the thread
 * that runs Raft.
 */
export class TurnRaft implements Proposer {
  readonly #machine: StateMachine;
  readonly #queue: Proposal[] = [];
  #index = 0;

  constructor(machine: StateMachine) {
    this.#machine = machine;
  }

  propose(data: Uint8Array): Promise<Proposed> {
    return new Promise((done) => {
      this.#queue.push({ data, done });
      if (this.#queue.length === 1) setImmediate(() => this.#commit());
    });
  }

  status(): RaftStatus {
    const index = this.#index;
    const own = { id: 1, term: 1, role: "leader", leaderId: 1, leading: 1 } as const;
    return { ...own, commit: index, applied: index, members: [], removed: false };
  }

  async *watchStatus(signal: AbortSignal): AsyncIterable<RaftStatus> {
    yield this.status();
    await new Promise<void>((resolve) => onAbort(signal, resolve));
  }

  #commit(): void {
    const first = this.#queue.shift();
    if (!first) return;
    const at = { index: ++this.#index, term: 1 };
    const entry: CommittedEntry = { ...at, data: first.data };
    this.#machine.apply([entry]);
    first.done(at);
    if (this.#queue.length > 0) setImmediate(() => this.#commit());
  }
}
