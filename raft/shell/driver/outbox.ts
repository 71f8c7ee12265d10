import type { Clock } from "../../../lib/clock.ts";
import type { Message } from "../../core/message.ts";
import type { Id } from "../../core/types.ts";
import type { Transport } from "../transport/transport.ts";
import { CommitHold } from "./commit-hold.ts";

/** What this part needs of its driver. */
export interface OutboxModules {
  readonly clock: Pick<Clock, "after">;
  readonly transport: Pick<Transport, "send">;
  /** Begins to send the snapshot that a MsgSnap names. */
  readonly sendSnapshot: (message: Message) => void;
}

/** Sorts what leaves the node by peer, so that one frame carries all of a turn. */
export class Outbox {
  readonly #sendSnapshot: (message: Message) => void;
  readonly #hold: CommitHold;

  constructor({ clock, transport, sendSnapshot }: OutboxModules) {
    this.#sendSnapshot = sendSnapshot;
    this.#hold = new CommitHold(clock, (to, messages) => transport.send(to, messages));
  }

  /** Sends messages to the peers they are for. */
  send(messages: readonly Message[]): void {
    const byPeer = new Map<Id, Message[]>();
    for (const message of messages) {
      if (message.type === "MsgSnap") {
        this.#sendSnapshot(message);
        continue;
      }
      const queue = byPeer.get(message.to);
      if (queue) queue.push(message);
      else byPeer.set(message.to, [message]);
    }
    for (const [to, queue] of byPeer) this.#hold.pass(to, queue);
  }

  /** Sends nothing more. */
  close(): void {
    this.#hold.close();
  }
}
