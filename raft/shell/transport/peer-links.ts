import type { Message } from "../../core/message.ts";
import type { MemberRecord } from "../membership.ts";
import { encodeFrames } from "./frames.ts";
import type { PeerLink } from "./peer-link.ts";

/** Two connections: appends do not hold up heartbeats and votes. */
interface Pair {
  readonly control: PeerLink;
  readonly append: PeerLink;
}

/** What happens to the connections in use. */
export interface PeerLinksEvents {
  /** Both are open. */
  readonly onOpen: () => void;
  readonly onBreak: (kind: keyof Pair) => void;
}

/** Makes one connection; its events count while it is in use. */
export type Connect = (events: {
  readonly worthTrying: () => boolean;
  readonly onOpen: () => void;
  readonly onBreak: () => void;
}) => PeerLink;

/** The ways to one peer, of which one pair is in use at a time. */
export class PeerLinks {
  readonly peer: MemberRecord;
  readonly #connect: Connect;
  readonly #events: PeerLinksEvents;
  #pair: Pair;
  /** Takes over as soon as it is open. */
  #successor: Pair | undefined;

  constructor(peer: MemberRecord, connect: Connect, events: PeerLinksEvents) {
    this.peer = peer;
    this.#connect = connect;
    this.#events = events;
    this.#pair = this.#open();
  }

  get isOpen(): boolean {
    return isOpen(this.#pair);
  }

  send(messages: readonly Message[]): void {
    const { append, control } = this.#pair;
    const appends = messages.filter(({ type }) => type === "MsgApp");
    const others =
      appends.length === 0 ? messages : messages.filter(({ type }) => type !== "MsgApp");
    if (append.isOpen) for (const frame of encodeFrames(appends)) append.send(frame);
    if (control.isOpen) for (const frame of encodeFrames(others)) control.send(frame);
  }

  /** Tries now instead of waiting for the next attempt. */
  hurry(): void {
    for (const { control, append } of [this.#pair, this.#successor ?? this.#pair]) {
      control.hurry();
      append.hurry();
    }
  }

  /** Connects anew, with what the peer is to be shown now; until then all goes the old way. */
  renew(): void {
    if (this.#successor) close(this.#successor);
    this.#successor = this.#open();
  }

  close(): void {
    close(this.#pair);
    if (this.#successor) close(this.#successor);
  }

  #open(): Pair {
    const link = (kind: keyof Pair): PeerLink =>
      this.#connect({
        // Where one cannot get through, the other need not try.
        worthTrying: () => kind === "control" || pair.control.isOpen,
        onOpen: () => this.#opened(pair),
        onBreak: () => {
          if (this.#pair === pair) this.#events.onBreak(kind);
        },
      });
    const pair: Pair = { control: link("control"), append: link("append") };
    return pair;
  }

  #opened(pair: Pair): void {
    pair.append.hurry();
    if (!isOpen(pair)) return;
    if (this.#successor === pair) {
      this.#pair.control.finish();
      this.#pair.append.finish();
      this.#pair = pair;
      this.#successor = undefined;
    }
    if (this.#pair === pair) this.#events.onOpen();
  }
}

const isOpen = ({ control, append }: Pair): boolean => control.isOpen && append.isOpen;

function close({ control, append }: Pair): void {
  control.close();
  append.close();
}
