import { InvariantError } from "../../lib/assert.ts";
import type { Config } from "./config.ts";
import type { Message } from "./message.ts";
import type {
  Boot,
  ConfChange,
  ConfState,
  Entry,
  EntryFetch,
  Id,
  LogView,
  ProposeResult,
  Ready,
  Status,
  StepResult,
} from "./types.ts";

function notBuilt(...inputs: unknown[]): never {
  throw new InvariantError(`not built yet (${inputs.length} inputs)`);
}

/**
 * The Raft state machine of one member: synchronous, deterministic, without clock, chance, disk or
 * network. Inputs change the state; the work that follows is collected by {@link ready}.
 *
 * Misuse by the outside world is answered by a typed result. A broken invariant throws
 * InvariantError: the driver then stops the node for good, because guessing would let replicas
 * diverge in silence.
 */
export class RaftCore {
  constructor(config: Config, log: LogView, boot: Boot) {
    notBuilt(config, log, boot);
  }

  /** One tick of the driver's clock. `now`: monotonic ms, used for leases only. */
  tick(now: number): void {
    notBuilt(now);
  }

  /** Takes a message from a peer or, in asynchronous mode, a storage worker's response. */
  step(message: Message): StepResult {
    return notBuilt(message);
  }

  /**
   * Appends one entry per item of `data`, all or none, when this node leads. Confirmed when the
   * entry at (term, index) is applied; another term at that index means that it was lost.
   */
  propose(data: readonly Uint8Array[]): ProposeResult {
    return notBuilt(data);
  }

  /** Proposes a change of the configuration; one at a time (Raft §4). */
  proposeConfChange(change: ConfChange): ProposeResult {
    return notBuilt(change);
  }

  /**
   * Puts a committed change in force. The driver calls it for every committed entry of type
   * "conf-change", in order, when it applies it, and remembers the result for snapshots.
   * @throws InvariantError when the change does not fit the configuration
   */
  applyConfChange(change: ConfChange): ConfState {
    return notBuilt(change);
  }

  /**
   * Asks for an index that is safe to read at; works on every role. `id` is the caller's own
   * (positive, never reused); answered in `Ready.reads` or `Ready.failedReads`. `now`: monotonic
   * ms, against which a lease is checked.
   */
  readIndex(id: number, now: number): void {
    notBuilt(id, now);
  }

  /** Hands leadership to voter `to`; given up after one election timeout. */
  transferLeader(to: Id): void {
    notBuilt(to);
  }

  /** Makes a follower forget its leader, so that it grants votes at once. */
  forgetLeader(): void {
    notBuilt();
  }

  /** Starts an election now if this node may. */
  campaign(): void {
    notBuilt();
  }

  /** The last message to `id` may have been lost: probe before pipelining again. */
  reportUnreachable(id: Id): void {
    notBuilt(id);
  }

  /** The snapshot under way to `id` was installed, or failed. */
  reportSnapshot(id: Id, ok: boolean): void {
    notBuilt(id, ok);
  }

  /** Answers a fetch of `Ready.fetches`; empty = no longer there (compacted). */
  entriesFetched(fetch: EntryFetch, entries: readonly Entry[]): void {
    notBuilt(fetch, entries);
  }

  /** Whether {@link ready} would return any work. */
  hasReady(): boolean {
    return notBuilt();
  }

  /** Takes the accumulated work; it is not returned again. */
  ready(): Ready {
    return notBuilt();
  }

  /** Only without asynchronous writes: `ready` is persisted, applied and its messages are sent. */
  advance(ready: Ready): void {
    notBuilt(ready);
  }

  status(): Status {
    return notBuilt();
  }
}
