import type { Cancel, Clock } from "../../lib/clock.ts";
import { make } from "../../proto/codec.ts";
import type {
  LogMessage,
  LogOptions,
  LogSelector,
  SubscribeLogsMessage,
  SubscriptionMessage,
} from "../../proto/generated.ts";
import { LogBuffer } from "./log-buffer.ts";
import { LogPositions } from "./positions.ts";

/** How long a node may be silent before a reader who does not follow goes on without it. */
export const NODE_SILENCE_MS = 10_000;

const INCOMPLETE =
  "warning: incomplete log stream. some logs could not be retrieved for the following reasons: ";

/** A node's part in a subscription. */
interface Source {
  /** Not asked yet or lost again, asked, or not to be heard any more. */
  state: "waiting" | "asked" | "done";
  /** How often it was asked; tells a new stream from a late end of an old one. */
  round: number;
  cancelTimer: Cancel;
}

export interface SubscriptionOptions {
  readonly id: string;
  readonly selector: LogSelector;
  readonly options: LogOptions;
}

/** One reader of logs and the nodes that send to it. */
export class Subscription {
  readonly id: string;
  readonly selector: LogSelector;
  readonly #options: LogOptions;
  readonly #clock: Clock;
  readonly #sources = new Map<string, Source>();
  /** Why something is missing, and the node that it is about; empty when it is about none. */
  readonly #reasons = new Map<string, string>();
  /** How far each node's tasks have been read. */
  readonly #positions = new Map<string, LogPositions>();
  readonly #buffer = new LogBuffer();
  #sealed = false;

  constructor({ id, selector, options }: SubscriptionOptions, { clock }: { clock: Clock }) {
    this.id = id;
    this.selector = selector;
    this.#options = options;
    this.#clock = clock;
  }

  get follow(): boolean {
    return this.#options.follow;
  }

  /** What the reader gets. */
  read(signal: AbortSignal): AsyncIterable<SubscribeLogsMessage> {
    return this.#buffer.read(signal);
  }

  /** Nodes that have been asked and not said that they are done. */
  get asked(): readonly string[] {
    return [...this.#sources].filter(([, { state }]) => state === "asked").map(([id]) => id);
  }

  /** Counts on `nodeId` to send. Returns false when it was counted on before. */
  expect(nodeId: string): boolean {
    if (this.#sources.has(nodeId)) return false;
    const source: Source = { state: "waiting", round: 0, cancelTimer: () => {} };
    this.#sources.set(nodeId, source);
    this.#arm(nodeId, source, "is not available");
    return true;
  }

  /** Whether the node is still to be asked. */
  isWaiting(nodeId: string): boolean {
    return this.#sources.get(nodeId)?.state === "waiting";
  }

  /** The round in which the node was asked and may send; undefined when it may not. */
  roundOf(nodeId: string): number | undefined {
    const source = this.#sources.get(nodeId);
    return source?.state === "asked" ? source.round : undefined;
  }

  /** What to ask the node for: a node that comes back goes on where it was lost. */
  ask(nodeId: string): SubscriptionMessage {
    const source = this.#sources.get(nodeId);
    if (source) {
      source.state = "asked";
      this.#forget(nodeId);
      source.round++;
      this.#arm(nodeId, source, "did not answer in time");
    }
    const options = source && source.round > 1 ? this.#resumed(nodeId) : this.#options;
    return make("SubscriptionMessage", { id: this.id, selector: this.selector, options });
  }

  /**
   * Takes lines from a node, waiting for the reader. Returns false when they are not wanted any
   * more: the reader left, or went on without the node.
   */
  async take(
    nodeId: string,
    messages: readonly LogMessage[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const source = this.#sources.get(nodeId);
    if (source?.state !== "asked") return false;
    source.cancelTimer(); // while it waits for the reader, the node is not the silent one
    const fresh = messages.filter((line) => this.#positionsOf(nodeId).take(line));
    const message = make("SubscribeLogsMessage", { messages: fresh });
    const taken = fresh.length === 0 || (await this.#buffer.put(message, signal));
    if (source.state === "asked") this.#arm(nodeId, source, "did not answer in time");
    return taken;
  }

  /** Nothing more comes from the node; `reason` says what is missing, if anything. */
  done(nodeId: string, reason = ""): void {
    const source = this.#sources.get(nodeId);
    if (!source || source.state === "done") return;
    source.cancelTimer();
    source.state = "done";
    if (reason !== "") this.miss(reason, nodeId);
    this.#endIfComplete();
  }

  /** The connection to the node broke: a follower waits for it to come back. */
  lost(nodeId: string): void {
    this.#break(nodeId, `node ${nodeId} disconnected unexpectedly`);
  }

  /** The stream that answered `round` ended before the node said that it was done. */
  cut(nodeId: string, round: number): void {
    if (this.roundOf(nodeId) === round)
      this.#break(nodeId, `node ${nodeId} stopped sending before the end`);
  }

  /**
   * Notes why something is missing: told to a follower at once, to others at the end. A follower who
   * does not read hears of it when it happens again.
   */
  miss(reason: string, nodeId = ""): void {
    if (this.#reasons.has(reason) || (this.follow && this.#buffer.isFull)) return;
    this.#reasons.set(reason, nodeId);
    if (this.follow) this.#warn([reason]);
  }

  /** A node that is asked again may be missed again. */
  #forget(nodeId: string): void {
    if (!this.follow) return;
    for (const [reason, about] of this.#reasons) if (about === nodeId) this.#reasons.delete(reason);
  }

  /** All nodes known now are expected: from here on the stream may end. */
  seal(): void {
    this.#sealed = true;
    this.#endIfComplete();
  }

  /** Ends the stream, with `error` when one is given. */
  close(error?: unknown): void {
    for (const source of this.#sources.values()) source.cancelTimer();
    this.#buffer.end(error);
  }

  /** The options for a node that is asked again: it goes on where each of its tasks was lost. */
  #resumed(nodeId: string): LogOptions {
    const own = this.#positionsOf(nodeId).resume();
    const known = new Set(own.map(({ taskId }) => taskId));
    const others = this.#options.positions.filter(({ taskId }) => !known.has(taskId));
    return { ...this.#options, positions: [...others, ...own] };
  }

  #positionsOf(nodeId: string): LogPositions {
    const known = this.#positions.get(nodeId);
    if (known) return known;
    const made = new LogPositions();
    this.#positions.set(nodeId, made);
    return made;
  }

  #break(nodeId: string, reason: string): void {
    const source = this.#sources.get(nodeId);
    if (source?.state !== "asked") return;
    if (!this.follow) this.done(nodeId, reason);
    else {
      source.state = "waiting";
      this.miss(reason, nodeId);
    }
  }

  /** Followers wait as long as they like. */
  #arm(nodeId: string, source: Source, failure: string): void {
    source.cancelTimer();
    if (this.follow) return;
    source.cancelTimer = this.#clock.after(NODE_SILENCE_MS, () =>
      this.done(nodeId, `node ${nodeId} ${failure}`),
    );
  }

  #endIfComplete(): void {
    if (!this.#sealed || this.follow) return;
    for (const { state } of this.#sources.values()) if (state !== "done") return;
    if (this.#reasons.size > 0) this.#warn([...this.#reasons.keys()]);
    this.#buffer.end();
  }

  #warn(reasons: readonly string[]): void {
    const warning = INCOMPLETE + reasons.join(", ");
    this.#buffer.add(make("SubscribeLogsMessage", { warning }));
  }
}
