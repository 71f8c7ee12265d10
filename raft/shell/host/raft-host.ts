import { every, type Cancel, type Clock } from "../../../lib/clock.ts";
import { messageOf, SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Proposed, RaftMember, RaftNode, RaftStatus, StateMachine } from "../../index.ts";
import type { TlsMaterial } from "../../../proto/node-tls.ts";
import type { Defer } from "../driver/local-port.ts";
import type { FromDriver, GroupCall, HostPort, MemberAdded } from "../driver/port.ts";
import { fromPortError } from "../driver/port-error.ts";
import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import { Applier } from "./applier.ts";
import type { Lock } from "./lock.ts";
import { PendingCalls } from "./pending-calls.ts";
import { StatusBoard } from "./status-board.ts";

export interface HostModules {
  readonly port: HostPort;
  readonly stateMachine: StateMachine;
  readonly snapshots: SnapshotStore;
  readonly lock: Pick<Lock, "set" | "rotate">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly defer: Defer;
}

/** How often the driver hears that the host's event loop is alive. */
const PING_MS = 1000;

/**
 * A member as the rest of the process sees it: has the state machine, and speaks to the driver,
 * which may be in another thread, through a port.
 */
export class RaftHost implements RaftNode {
  readonly id: number;
  readonly addr: string;
  readonly #modules: HostModules;
  readonly #applier: Applier;
  readonly #proposals = new PendingCalls<Proposed>();
  readonly #reads = new PendingCalls<number>();
  readonly #calls = new PendingCalls<MemberAdded | null>();
  readonly #board: StatusBoard;
  readonly #cancelPings: Cancel;
  readonly #inbox: FromDriver[] = [];
  #working = false;
  #stopping = false;
  readonly #closed: Promise<void>;
  #settle!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor({ id, addr }: { readonly id: number; readonly addr: string }, modules: HostModules) {
    this.id = id;
    this.addr = addr;
    this.#modules = modules;
    this.#board = new StatusBoard(id);
    this.#closed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#applier = new Applier({
      ...modules,
      confirm: (proposal, at) => this.#proposals.resolve(proposal, at),
    });
    this.#cancelPings = every(modules.clock, PING_MS, () => modules.port.post({ kind: "ping" }));
    modules.port.onMessages((messages) => {
      this.#inbox.push(...messages);
      if (!this.#working) void this.#work();
    });
  }

  /** Resolves when the member takes part and the stored snapshot is in the state machine. */
  ready(): Promise<void> {
    return Promise.race([this.#board.first(), this.#closed]);
  }

  propose(data: Uint8Array, signal?: AbortSignal): Promise<Proposed> {
    return this.#proposals.start((id) => this.#post({ kind: "propose", id, data }), signal);
  }

  async readBarrier(signal: AbortSignal): Promise<number> {
    const index = await this.#reads.start((id) => this.#post({ kind: "read", id }), signal);
    await this.#applier.reached(index, signal);
    return this.#applier.applied.index;
  }

  status(): RaftStatus {
    return this.#board.current(this.#applier.applied.index);
  }

  async *watchStatus(signal: AbortSignal): AsyncIterable<RaftStatus> {
    for await (const _ of this.#board.changes(signal)) yield this.status();
  }

  async addMember(
    member: Omit<RaftMember, "id" | "learner">,
    signal: AbortSignal,
  ): Promise<{ readonly id: number; readonly members: readonly RaftMember[] }> {
    const added = await this.#call({ method: "add-member", member }, signal);
    if (!added) throw new SwarmError("internal", "the new member was given no id");
    return added;
  }

  async removeMember(id: number, signal: AbortSignal): Promise<void> {
    await this.#call({ method: "remove-member", id }, signal);
  }

  async transferLeadership(signal: AbortSignal, to = 0): Promise<void> {
    await this.#call({ method: "transfer", to }, signal);
  }

  updateTls(tls: TlsMaterial): void {
    this.#post({ kind: "tls", tls });
  }

  setLock(kek: Uint8Array | null): void {
    this.#modules.lock.set(kek);
  }

  rotateDataKey(): void {
    this.#modules.lock.rotate();
  }

  closed(): Promise<void> {
    return this.#closed;
  }

  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#modules.port.post({ kind: "stop" });
    }
    await this.#closed;
  }

  #call(call: GroupCall, signal: AbortSignal): Promise<MemberAdded | null> {
    return this.#calls.start((id) => this.#post({ kind: "call", id, call }), signal);
  }

  #post(message: Parameters<HostPort["post"]>[0]): void {
    if (this.#stopping) throw new SwarmError("aborted", "this manager is stopping");
    // Goes along, so that the driver is woken once.
    this.#applier.acknowledge();
    this.#modules.port.post(message);
  }

  /** Handles what the driver says, strictly in order: some of it takes several turns. */
  async #work(): Promise<void> {
    this.#working = true;
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
        const waiting = this.#take(next);
        if (waiting) await waiting;
      }
    } catch (error) {
      this.#fail("the state machine failed", error);
    }
    this.#working = false;
  }

  #take(message: FromDriver): Promise<void> | void {
    switch (message.kind) {
      case "apply":
        return this.#applier.apply(message);
      case "restore":
        return this.#applier.restore(message.key, message.content);
      case "take-snapshot":
        return this.#takeSnapshot();
      case "refused":
        for (const id of message.ids) this.#proposals.reject(id, fromPortError(message.error));
        return undefined;
      case "readable":
        for (const id of message.ids) this.#reads.resolve(id, message.index);
        return undefined;
      case "unreadable":
        for (const id of message.ids) this.#reads.reject(id, fromPortError(message.error));
        return undefined;
      case "status":
        return this.#board.set(message.status);
      case "called":
        if (message.error) this.#calls.reject(message.id, fromPortError(message.error));
        else this.#calls.resolve(message.id, message.result);
        return undefined;
      case "failed":
        return this.#end(fromPortError(message.error));
      case "stopped":
        return this.#end(undefined);
    }
  }

  /** Captures the state now; writing it goes on beside what is applied later. */
  #takeSnapshot(): void {
    this.#applier.takeSnapshot().catch((error: unknown) => {
      if (!this.#stopping) this.#fail("taking a snapshot failed", error);
    });
  }

  /** The host's own part has failed: the member must not go on without its state. */
  #fail(what: string, error: unknown): void {
    this.#modules.log.error({ err: error }, what);
    this.#modules.port.post({ kind: "halt" });
    this.#end(error);
  }

  /** Ends everything that waits; `error` is why the member failed, undefined when it stopped. */
  #end(error: unknown): void {
    this.#stopping = true;
    this.#cancelPings();
    const reason =
      error === undefined
        ? new SwarmError("aborted", "this manager has stopped")
        : new SwarmError("internal", `the Raft member failed: ${messageOf(error)}`, {
            cause: error,
          });
    for (const pending of [this.#proposals, this.#reads, this.#calls]) pending.abort(reason);
    this.#applier.abort(reason);
    this.#board.end(reason);
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}
