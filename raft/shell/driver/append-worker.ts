import type { Clock } from "../../../lib/clock.ts";
import type { Message } from "../../core/message.ts";
import type { Entry, HardState, SnapshotMeta } from "../../core/types.ts";
import type { LogStore, SnapshotPoint } from "../log/log-store.ts";
import type { Defer } from "./local-port.ts";

export interface AppendModules {
  readonly store: LogStore;
  readonly clock: Pick<Clock, "monotonic">;
  readonly defer: Defer;
}

/** What the worker needs of its driver. */
export interface AppendHooks {
  /** Hands on responses whose cause is durable, in order. */
  deliver(messages: readonly Message[]): void;
  /** The description, to be stored with the log, of a snapshot that was received. */
  describe(snapshot: SnapshotMeta): SnapshotPoint;
  /** Puts a durable snapshot into the state machine. */
  install(snapshot: SnapshotMeta): Promise<void>;
  /** The store has failed for good. */
  fail(error: unknown): void;
}

/** Several append messages as one write. */
export interface MergedAppend {
  readonly entries: readonly Entry[];
  readonly hardState: HardState | null;
  readonly snapshot: SnapshotMeta | null;
  readonly responses: readonly Message[];
  /** How many messages went in. */
  readonly count: number;
}

/**
 * Merges the messages at the head of the queue: a later append replaces what an earlier one holds
 * at and above its first index. A snapshot is a write of its own.
 */
export function mergeAppends(queue: readonly Message[]): MergedAppend {
  const entries: Entry[] = [];
  const responses: Message[] = [];
  let hardState: HardState | null = null;
  let count = 0;
  for (const message of queue) {
    if (message.snapshot && count > 0) break;
    const { term, vote, commit } = message;
    if (term !== 0 || vote !== 0 || commit !== 0) hardState = { term, vote, commit };
    const first = message.entries[0];
    const kept = entries[0];
    if (first && kept)
      entries.length = Math.max(0, Math.min(entries.length, first.index - kept.index));
    for (const entry of message.entries) entries.push(entry);
    for (const response of message.responses) responses.push(response);
    count++;
    if (message.snapshot) break;
  }
  return { entries, hardState, snapshot: queue[0]?.snapshot ?? null, responses, count };
}

/**
 * The append thread of the asynchronous storage mode: takes MsgStorageAppend in order, makes it
 * durable, then releases its responses. What queues while a write runs becomes one write.
 */
export class AppendWorker {
  readonly #store: LogStore;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #defer: Defer;
  readonly #hooks: AppendHooks;
  /** Messages, and between them whoever waits for those before to be durable. */
  #queue: (Message | (() => void))[] = [];
  /** A commit index that need not be synced on its own; rides on the next write. */
  #pendingHardState: HardState | null = null;
  #running = false;
  #installing = false;
  #busySince: number | undefined;

  constructor({ store, clock, defer }: AppendModules, hooks: AppendHooks) {
    this.#store = store;
    this.#clock = clock;
    this.#defer = defer;
    this.#hooks = hooks;
  }

  /** Whether a write has been under way since `since` (monotonic) or longer. */
  stalledSince(since: number): boolean {
    return this.#busySince !== undefined && this.#busySince <= since;
  }

  /**
   * Queues a message. With `yielding` an idle worker begins a turn later: what was given to the
   * transport leaves first, so that the peers' disks work at the same time as this one.
   */
  push(message: Message, yielding: boolean): void {
    this.#queue.push(message);
    if (yielding && !this.#running) this.#startLater();
    else this.#start();
  }

  /**
   * Resolves when everything queued is durable, the commit index included. A configuration must
   * not come into force before the index that commits it is durable: after a restart the node
   * could otherwise elect a leader by an older configuration.
   */
  flush(): Promise<void> {
    if (this.#installing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      this.#start();
    });
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#begin();
  }

  #startLater(): void {
    this.#running = true;
    this.#defer(() => this.#begin());
  }

  #begin(): void {
    this.#run().catch((error: unknown) => this.#hooks.fail(error));
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const flush = this.#queue.findIndex((item) => typeof item === "function");
      const messages = flush < 0 ? this.#queue : this.#queue.slice(0, flush);
      if (messages.length > 0) await this.#append(mergeAppends(messages as Message[]));
      else await this.#flush(this.#queue[0] as () => void);
    }
    this.#running = false;
  }

  async #append(merged: MergedAppend): Promise<void> {
    this.#queue = this.#queue.slice(merged.count);
    this.#pendingHardState = merged.hardState ?? this.#pendingHardState;
    if (this.#mustWrite(merged)) await this.#write(merged);
    if (merged.snapshot) await this.#install(merged.snapshot);
    this.#hooks.deliver(merged.responses);
  }

  /**
   * Installs a durable snapshot. It covers every commit index that anybody waits for: nothing
   * behind it is handed out before it is in place. As the installation waits for what was handed
   * out before, those who wait must not wait for it in turn.
   */
  async #install(snapshot: SnapshotMeta): Promise<void> {
    this.#installing = true;
    const waiting = this.#queue.filter((item) => typeof item === "function");
    this.#queue = this.#queue.filter((item) => typeof item !== "function");
    for (const resolve of waiting) resolve();
    await this.#hooks.install(snapshot);
    this.#installing = false;
  }

  async #flush(resolve: () => void): Promise<void> {
    this.#queue = this.#queue.slice(1);
    if (this.#pendingHardState) await this.#write({ entries: [], snapshot: null });
    resolve();
  }

  /** A commit index alone may be lost in a crash: it is learnt again. */
  #mustWrite({ entries, snapshot }: MergedAppend): boolean {
    const saved = this.#store.hardState;
    const next = this.#pendingHardState;
    const voted = next !== null && (next.term !== saved.term || next.vote !== saved.vote);
    return entries.length > 0 || snapshot !== null || voted;
  }

  async #write({ entries, snapshot }: Pick<MergedAppend, "entries" | "snapshot">): Promise<void> {
    const hardState = this.#pendingHardState;
    this.#pendingHardState = null;
    this.#busySince = this.#clock.monotonic();
    await this.#store.write({
      entries,
      hardState,
      snapshot: snapshot && this.#hooks.describe(snapshot),
    });
    this.#busySince = undefined;
  }
}
