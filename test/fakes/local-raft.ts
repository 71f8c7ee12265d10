import { onAbort } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { CommittedEntry, Proposed, RaftStatus, StateMachine } from "../../raft/index.ts";
import type { Proposer } from "../../manager/store/store.ts";

/**
 * Consensus of one: every proposal is committed, in order, at the next microtask. `hold()` keeps
 * proposals in flight, to test what happens between proposing and applying.
 */
export class LocalRaft implements Proposer {
  readonly #machines: StateMachine[];
  readonly #queue: { readonly data: Uint8Array; readonly done: (at: Proposed) => void }[] = [];
  #index = 0;
  #held = false;
  term = 1;
  leading = true;
  /** The members that the status tells of. */
  members: RaftStatus["members"] = [];

  /** Every machine applies every entry, as managers of one cluster do. */
  constructor(...machines: StateMachine[]) {
    this.#machines = machines;
  }

  propose(data: Uint8Array): Promise<Proposed> {
    if (!this.leading)
      return Promise.reject(new SwarmError("not-leader", "this manager does not lead"));
    return new Promise((done) => {
      this.#queue.push({ data, done });
      if (!this.#held) queueMicrotask(() => this.#drain());
    });
  }

  /** Proposals that wait to be committed. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Keeps proposals waiting until {@link release}. */
  hold(): void {
    this.#held = true;
  }

  /** Commits what was held. */
  release(): void {
    this.#held = false;
    this.#drain();
  }

  status(): RaftStatus {
    return {
      id: 1,
      term: this.term,
      role: this.leading ? "leader" : "follower",
      leaderId: this.leading ? 1 : 0,
      commit: this.#index,
      applied: this.#index,
      leading: this.leading ? this.term : 0,
      members: this.members,
      removed: false,
    };
  }

  async *watchStatus(signal: AbortSignal): AsyncIterable<RaftStatus> {
    yield this.status();
    await new Promise<void>((resolve) => onAbort(signal, resolve));
  }

  #drain(): void {
    for (const { data, done } of this.#queue.splice(0)) {
      const entry: CommittedEntry = { index: ++this.#index, term: this.term, data };
      for (const machine of this.#machines) machine.apply([entry]);
      done({ index: entry.index, term: entry.term });
    }
  }
}
