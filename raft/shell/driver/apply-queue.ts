import { assert } from "../../../lib/assert.ts";
import type { Message } from "../../core/message.ts";
import type { Entry } from "../../core/types.ts";
import type { CommittedEntry } from "../../index.ts";
import type { FromDriver } from "./port.ts";

/** Entries that the host may have applied without having said so. */
const UNACKNOWLEDGED_BYTES_MAX = 64 * 1024;

/** What the queue needs of its driver. */
export interface ApplyHooks {
  post(message: FromDriver): void;
  /** Resolves when the commit index that covers what was pushed is durable. */
  flush(): Promise<void>;
  /** Id of the proposal that this entry confirms; 0 = none. */
  confirmed(entry: Entry): number;
  /** A configuration change whose turn has come. */
  applyConfChange(entry: Entry): void;
  deliver(messages: readonly Message[]): void;
}

/**
 * The apply thread of the asynchronous storage mode: hands committed entries to the host and
 * releases the responses when the host has applied them. Configuration changes take effect at
 * that moment too, so that what is in force always matches what is applied.
 */
export class ApplyQueue {
  readonly #hooks: ApplyHooks;
  /** Ends when everything pushed was handed over; undefined while nothing waits. */
  #handing: Promise<void> | undefined;
  #unacknowledgedBytes = 0;
  readonly #pending: { readonly through: number; readonly message: Message }[] = [];

  constructor(hooks: ApplyHooks) {
    this.#hooks = hooks;
  }

  /** Takes a MsgStorageApply. One with a configuration change waits for its commit index. */
  push(message: Message): void {
    const changes = message.entries.some(({ type }) => type === "conf-change");
    if (!changes && !this.#handing) {
      this.#handOver(message);
      return;
    }
    const before = this.#handing ?? Promise.resolve();
    const handing = before
      .then(() => (changes ? this.#hooks.flush() : undefined))
      .then(() => this.#handOver(message))
      .finally(() => {
        if (this.#handing === handing) this.#handing = undefined;
      });
    this.#handing = handing;
  }

  /** Resolves when everything pushed so far was handed over. */
  handed(): Promise<void> {
    return this.#handing ?? Promise.resolve();
  }

  /** The host has applied everything up to `through`; returns the bytes that were in it. */
  acknowledge(through: number): number {
    let bytes = 0;
    while (this.#pending[0] && this.#pending[0].through <= through) {
      const { message } = this.#pending[0];
      this.#pending.shift();
      for (const entry of message.entries) {
        bytes += entry.data.length;
        if (entry.type === "conf-change") this.#hooks.applyConfChange(entry);
      }
      this.#hooks.deliver(message.responses);
    }
    this.#unacknowledgedBytes -= bytes;
    return bytes;
  }

  #handOver(message: Message): void {
    const last = message.entries.at(-1);
    assert(last, "an apply message has entries");
    const entries: CommittedEntry[] = [];
    const proposals: number[] = [];
    for (const entry of message.entries) {
      const proposal = this.#hooks.confirmed(entry);
      // Empty entries mark a new leader, configuration changes are this layer's.
      if (entry.type !== "normal" || entry.data.length === 0) continue;
      entries.push({ index: entry.index, term: entry.term, data: entry.data });
      proposals.push(proposal);
    }
    for (const { data } of message.entries) this.#unacknowledgedBytes += data.length;
    const through = { index: last.index, term: last.term };
    this.#pending.push({ through: last.index, message });
    // Whoever waits for something else than its own entry waits for the acknowledgement.
    const prompt =
      entries.length < message.entries.length ||
      this.#unacknowledgedBytes > UNACKNOWLEDGED_BYTES_MAX;
    this.#hooks.post({ kind: "apply", entries, proposals, through, prompt });
  }
}
