import type { Cancel, Clock } from "../../../lib/clock.ts";
import type { Message } from "../../core/message.ts";
import type { Id } from "../../core/types.ts";

/** How long a commit index waits for an append that takes it along. */
const HOLD_MS = 5;

/**
 * Holds appends back that carry nothing but a commit index: under load the next append takes it
 * along, which saves each peer a message and its answer. Alone they leave after a moment.
 */
export class CommitHold {
  readonly #clock: Pick<Clock, "after">;
  readonly #send: (to: Id, messages: readonly Message[]) => void;
  readonly #held = new Map<Id, Message>();
  #cancel: Cancel | undefined;

  constructor(clock: Pick<Clock, "after">, send: (to: Id, messages: readonly Message[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Sends messages of one Ready to a peer, all but a commit index that can wait. */
  pass(to: Id, messages: readonly Message[]): void {
    const now: Message[] = [];
    for (const message of messages) {
      if (message.type !== "MsgApp") now.push(message);
      else if (message.entries.length === 0) this.#held.set(to, message);
      else {
        // Its commit index is no lower.
        this.#held.delete(to);
        now.push(message);
      }
    }
    if (now.length > 0) this.#send(to, now);
    if (this.#held.size > 0) this.#cancel ??= this.#clock.after(HOLD_MS, () => this.#release());
  }

  /** Forgets what is held. */
  close(): void {
    this.#cancel?.();
    this.#held.clear();
  }

  #release(): void {
    this.#cancel = undefined;
    for (const [to, message] of this.#held) this.#send(to, [message]);
    this.#held.clear();
  }
}
